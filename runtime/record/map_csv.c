/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as CSV (RFC 4180): a line of names, then a line for each entry, each with CR LF. */
#include <stdlib.h>

#include "record/csv.h"
#include "record/map_table.h"
#include "util/cleanup.h"

void rp_map_write_csv_cell(FILE *out, const struct rp_map_table *t,
                           const struct rp_map_format *format, size_t i, const uint8_t *row) {
    if (!row) {
        rp_csv_cell(t->layout->columns[i].path, out);
        return;
    }
    RP_AUTO_FREE char *text = NULL;
    size_t length;
    FILE *cell = open_memstream(&text, &length);
    if (!cell)
        return;
    struct rp_writer w;
    rp_writer_begin(&w, cell);
    rp_map_write_cell(&w, t, format, i, row);
    rp_writer_flush(&w);
    fclose(cell);
    if (text)
        rp_csv_cell(text, out);
}

void rp_map_write_csv(const struct rp_map_table *t, const struct rp_map_format *format, FILE *out) {
    for (size_t n = 0; n <= t->row_count; n++) {
        for (size_t i = 0; i < t->layout->column_count; i++) {
            if (i)
                fputc(',', out);
            rp_map_write_csv_cell(out, t, format, i, n ? rp_map_row(t, n - 1) : NULL);
        }
        fputs("\r\n", out);
    }
}
