/* SPDX-License-Identifier: Apache-2.0 */
/* Records as CSV (RFC 4180): lines end in CR LF. */
#include <stdlib.h>
#include <string.h>

#include "record/layout.h"
#include "record/view.h"
#include "util/cleanup.h"
#include "util/csv.h"
#include "util/text.h"
#include "util/writer.h"

void rp_layout_print_csv_header(const struct rp_layout *layout, FILE *out) {
    for (size_t i = 0; i < layout->columns.count; i++) {
        if (i)
            fputc(',', out);
        rp_csv_cell(layout->columns.items[i].path, out);
    }
    fputs("\r\n", out);
}

static void print_value(const struct rp_view *view, FILE *out) {
    RP_AUTO_FREE char *text = NULL;
    size_t length;
    struct rp_writer w;
    /* What could not be read, or is not there, is nothing. */
    FILE *cell =
        rp_view_unread(view) || rp_view_absent(view) ? NULL : open_memstream(&text, &length);
    if (!cell)
        return;
    rp_writer_begin(&w, cell);
    rp_write_for_program(&w, view);
    rp_writer_flush(&w);
    fclose(cell);
    if (text)
        rp_csv_cell(text, out);
}

void rp_layout_print_csv(const struct rp_layout *layout, const void *data, size_t size, FILE *out) {
    const struct rp_type unknown = rp_layout_unknown_type(layout, size);
    for (size_t i = 0; i < layout->columns.count; i++) {
        const struct rp_column *column = &layout->columns.items[i];
        struct rp_view view = {column->type, data, size, column->bit_offset, column->bit_size};
        if (!column->type)
            view = (struct rp_view){&unknown, data, size, 0, 0};
        if (i)
            fputc(',', out);
        print_value(&view, out);
    }
    fputs("\r\n", out);
}
