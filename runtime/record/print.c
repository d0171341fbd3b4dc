/* SPDX-License-Identifier: Apache-2.0 */
/* Text of unknown origin, for a terminal and for JSON. */
#include "record/writer.h"

size_t rp_print_text(const char *text, size_t max, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_write_text(&w, text, max);
    rp_writer_flush(&w);
    return rp_writer_columns(&w);
}

void rp_print_json_text(const char *text, size_t max, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_write_json_text(&w, text, max);
    rp_writer_flush(&w);
}
