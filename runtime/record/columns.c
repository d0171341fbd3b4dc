/* SPDX-License-Identifier: Apache-2.0 */
/* Rows at a terminal: columns as wide as what comes, as far as the line has room. */
#include <stdlib.h>
#include <string.h>

#include "record/fit.h"
#include "record/view.h"
#include "util/cells.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/writer.h"

/* A text that may be longer is given so much where there is room. */
#define TEXT_WANTED 64

struct rp_columns {
    const struct rp_layout *layout;
    struct rp_fit *fits; /* of each of the layout's */
    size_t *ends;        /* where each cell of the row at hand ends in `text` */
    size_t room;         /* for which the columns were fitted; 0: they were not */
    bool fit;            /* and they did */
    FILE *memory;
    char *text;
    size_t size;
};

static size_t wanted(const struct rp_column *column) {
    const struct rp_type *type = column->type;
    if (type->kind != RP_TEXT || type->to_the_end)
        return column->width;
    size_t longest = type->count > 1 ? type->count - 1 : 1;
    return longest < TEXT_WANTED ? longest : TEXT_WANTED;
}

struct rp_error *rp_columns_new(const struct rp_layout *layout, struct rp_columns **out) {
    size_t count = layout->columns.count;
    struct rp_columns *columns = calloc(1, sizeof(*columns));
    *out = columns;
    if (!columns)
        return rp_error_nomem();
    columns->layout = layout;
    columns->fits = calloc(count + 1, sizeof(*columns->fits));
    columns->ends = calloc(count + 1, sizeof(*columns->ends));
    columns->memory = open_memstream(&columns->text, &columns->size);
    if (!columns->fits || !columns->ends || !columns->memory) {
        rp_columns_free(rp_take(*out));
        return rp_error_nomem();
    }
    for (size_t i = 0; i < count; i++) {
        const struct rp_column *column = &layout->columns.items[i];
        columns->fits[i] =
            (struct rp_fit){.header = rp_cells(column->header, strlen(column->header)),
                            .wanted = wanted(column),
                            .is_text = rp_fit_is_text(column->type)};
    }
    return NULL;
}

void rp_columns_free(struct rp_columns *columns) {
    if (!columns)
        return;
    if (columns->memory)
        fclose(columns->memory);
    free(columns->text);
    free(columns->fits);
    free(columns->ends);
    free(columns);
}

/* ------------------------------------------------------------------ the row at hand */

static void write_cells(struct rp_columns *columns, const void *data, size_t size) {
    struct rp_writer w;
    rewind(columns->memory);
    rp_writer_begin(&w, columns->memory);
    for (size_t i = 0; i < columns->layout->columns.count; i++) {
        const struct rp_column *column = &columns->layout->columns.items[i];
        const struct rp_view view = {column->type, data, size, column->bit_offset,
                                     column->bit_size};
        rp_write_value(&w, &view);
        columns->ends[i] = w.flushed + w.used;
    }
    rp_writer_flush(&w);
    fflush(columns->memory);
}

static const char *cell(const struct rp_columns *columns, size_t i, size_t *length) {
    size_t start = i ? columns->ends[i - 1] : 0;
    *length = columns->ends[i] - start;
    return columns->text + start;
}

/* Whether a cell is wider than its column, which may still grow. */
static bool measure(struct rp_columns *columns) {
    bool grown = false;
    for (size_t i = 0; i < columns->layout->columns.count; i++) {
        size_t length;
        const char *text = cell(columns, i, &length);
        size_t cells = rp_cells(text, length);
        if (cells <= columns->fits[i].widest)
            continue;
        columns->fits[i].widest = cells;
        grown |= cells > columns->fits[i].width;
    }
    return grown;
}

static bool fit(struct rp_columns *columns, size_t room, bool *changed) {
    size_t count = columns->layout->columns.count;
    columns->room = room;
    columns->fit = rp_fit(columns->fits, count, room);
    *changed = false;
    for (size_t i = 0; i < count; i++) {
        struct rp_fit *column = &columns->fits[i];
        *changed |= i + 1 < count && column->width != column->before;
        column->before = column->width;
    }
    return columns->fit;
}

bool rp_columns_take(struct rp_columns *columns, const void *data, size_t size, size_t room,
                     bool *changed) {
    *changed = false;
    write_cells(columns, data, size);
    if (!measure(columns) && room == columns->room)
        return columns->fit;
    return fit(columns, room, changed);
}

/* ------------------------------------------------------------------ printing */

void rp_columns_print_header(const struct rp_columns *columns, FILE *out) {
    struct rp_writer w;
    size_t count = columns->layout->columns.count;
    rp_writer_begin(&w, out);
    for (size_t i = 0; i < count; i++)
        rp_fit_write_header(&w, &columns->fits[i], columns->layout->columns.items[i].header,
                            i + 1 == count);
    rp_writer_flush(&w);
}

void rp_columns_print_row(const struct rp_columns *columns, FILE *out) {
    struct rp_writer w;
    size_t count = columns->layout->columns.count;
    rp_writer_begin(&w, out);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *text = cell(columns, i, &length);
        rp_fit_write(&w, &columns->fits[i], text, length, i + 1 == count);
    }
    rp_writer_flush(&w);
}

void rp_columns_print_expanded(const struct rp_columns *columns, FILE *out) {
    struct rp_writer w;
    size_t count = columns->layout->columns.count, widest = 0;
    for (size_t i = 0; i < count; i++)
        widest = columns->fits[i].header > widest ? columns->fits[i].header : widest;
    rp_writer_begin(&w, out);
    for (size_t i = 0; i < count; i++) {
        const struct rp_fit header = {.width = widest};
        size_t length;
        const char *text = cell(columns, i, &length);
        rp_write_string(&w, "  ");
        rp_fit_write_header(&w, &header, columns->layout->columns.items[i].header, false);
        rp_write_bytes(&w, text, length);
        rp_write_char(&w, '\n');
    }
    rp_writer_flush(&w);
}
