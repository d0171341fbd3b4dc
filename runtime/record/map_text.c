/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as tables. */
#include <stdlib.h>
#include <string.h>

#include "record/map_table.h"
#include "util/cleanup.h"

bool rp_map_names_key(const struct rp_map_format *format, const char *member,
                      const struct rp_view *value, char name[RP_MAP_NAME_MAX]) {
    if (!format->text || !(rp_type_is_number(value->type) || value->type->kind == RP_POINTER))
        return false;
    uint64_t number =
        value->type->kind == RP_INT ? (uint64_t)rp_view_int(value) : rp_view_uint(value);
    return format->text(format->ctx, member, number, name, RP_MAP_NAME_MAX);
}

/* The name for the key in column `i`, or false. */
static bool names_cell(const struct rp_map_table *t, const struct rp_map_format *format, size_t i,
                       const struct rp_view *value, char name[RP_MAP_NAME_MAX]) {
    const char *member = t->key->kind == RP_STRUCT ? t->layout->columns[i].path : "";
    return i < t->key_columns && rp_map_names_key(format, member, value, name);
}

void rp_map_write_cell(struct rp_writer *w, const struct rp_map_table *t,
                       const struct rp_map_format *format, size_t i, const uint8_t *row) {
    const struct rp_column *column = &t->layout->columns[i];
    struct rp_view value = {column->type, row, t->row_size, column->bit_offset, column->bit_size};
    char name[RP_MAP_NAME_MAX];
    if (names_cell(t, format, i, &value, name))
        rp_write_text(w, name, sizeof(name));
    else
        rp_write_value(w, &value);
}

/* Names of numbers are longer than these. */
static size_t width_of(const struct rp_map_table *t, const struct rp_map_format *format, size_t i) {
    const struct rp_column *column = &t->layout->columns[i];
    size_t width = column->width;
    char name[RP_MAP_NAME_MAX];
    for (size_t n = 0; i < t->key_columns && format->text && n < t->row_count; n++) {
        struct rp_view value = {column->type, rp_map_row(t, n), t->row_size, column->bit_offset,
                                column->bit_size};
        size_t length = names_cell(t, format, i, &value, name) ? strlen(name) : 0;
        width = length > width ? length : width;
    }
    return width;
}

static void write_row(struct rp_writer *w, const struct rp_map_table *t,
                      const struct rp_map_format *format, size_t first, const size_t *widths,
                      const uint8_t *row) {
    for (size_t i = first; i < t->layout->column_count; i++) {
        size_t start = rp_writer_columns(w);
        if (row)
            rp_map_write_cell(w, t, format, i, row);
        else
            rp_write_string(w, t->layout->columns[i].header);
        if (i + 1 < t->layout->column_count)
            rp_write_padding(w, start, widths ? widths[i] : 0);
    }
    rp_write_char(w, '\n');
}

void rp_map_write_text(const struct rp_map_table *t, const struct rp_map_format *format,
                       FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    bool single = rp_map_table_is_single(t), one_value = single && t->value->kind != RP_STRUCT;
    size_t first = single ? t->key_columns : 0;
    RP_AUTO_FREE size_t *widths = calloc(t->layout->column_count, sizeof(*widths));
    for (size_t i = 0; widths && i < t->layout->column_count; i++)
        widths[i] = width_of(t, format, i);
    rp_write_text(&w, format->title ? format->title : t->name, SIZE_MAX);
    rp_write_string(&w, one_value && t->row_count ? ": " : ":\n");
    if (!one_value && t->row_count)
        write_row(&w, t, format, first, widths, NULL);
    for (size_t i = 0; i < t->row_count; i++)
        write_row(&w, t, format, first, widths, rp_map_row(t, i));
    rp_writer_flush(&w);
}
