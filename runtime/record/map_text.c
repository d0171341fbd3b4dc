/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as text: tables, whose columns fit the line where it has an end, and histograms. */
#include <stdlib.h>
#include <string.h>

#include "record/map_printer.h"
#include "util/cells.h"
#include "util/cleanup.h"

/* Names of numbers are longer than these, and so may numbers of 16 bytes be. */
static size_t width_of(const struct rp_map_printer *p, size_t i) {
    const struct rp_column *column = &p->t->layout->columns.items[i];
    size_t width = column->width;
    bool wide = column->type && (column->type->kind == RP_WIDE || column->type->look);
    for (size_t n = 0; (p->t->members[i] || wide) && n < p->t->row_count; n++) {
        struct rp_view view = rp_map_cell(p->t, i, rp_map_row(p->t, n));
        RP_AUTO_FREE char *name =
            wide ? rp_value_text(&view) : rp_map_name_cell(p, i, rp_map_row(p->t, n));
        size_t length = name ? strlen(name) : 0;
        width = length > width ? length : width;
    }
    return width;
}

/* The only value of an array of one, or of what has no keys, stands behind the map's name. */
static bool is_one_value(const struct rp_map_printer *p) {
    bool single = rp_map_table_is_single(p->t) || !p->t->key_columns;
    return !p->is_histogram && single && p->t->value->kind != RP_STRUCT && p->t->row_count;
}

static size_t first_column(const struct rp_map_printer *p) {
    return rp_map_table_is_single(p->t) ? p->t->key_columns : 0;
}

/* ---- columns that fit a line */

/* A cell as it is printed, malloc()ed; NULL without memory. */
static char *cell_text(struct rp_map_printer *p, size_t i, const uint8_t *row, size_t *length) {
    char *text = NULL;
    FILE *cell = open_memstream(&text, length);
    if (!cell)
        return NULL;
    rp_writer_flush(&p->w);
    rp_writer_begin(&p->w, cell);
    rp_map_write_cell(p, i, row);
    rp_writer_flush(&p->w);
    fclose(cell);
    rp_writer_begin(&p->w, p->out);
    return text;
}

/* How much it grew a second: as fine as one can read it while it moves. */
static void write_rate(const struct rp_map_rate *rate, char *text, size_t size) {
    bool small = rate->per_s > -100 && rate->per_s < 100;
    if (rate->known)
        snprintf(text, size, "%.*f", small ? 1 : 0, rate->per_s);
    else
        snprintf(text, size, "-");
}

static size_t rate_width(const struct rp_map_printer *p) {
    size_t widest = 0;
    for (size_t i = 0; i < p->shown; i++) {
        char text[64];
        write_rate(&p->rates[i], text, sizeof(text));
        widest = strlen(text) > widest ? strlen(text) : widest;
    }
    return widest;
}

static void measure(struct rp_map_printer *p, size_t i) {
    const struct rp_column *column = &p->t->layout->columns.items[i];
    struct rp_fit *fit = &p->fits[i];
    fit->header = rp_cells(column->header, strlen(column->header));
    fit->is_text = rp_fit_is_text(column->type) || rp_map_is_named(p, i);
    for (size_t n = 0; n < p->shown; n++) {
        size_t length, cells;
        RP_AUTO_FREE char *text = cell_text(p, i, rp_map_printer_row(p, n), &length);
        cells = text ? rp_cells(text, length) : 0;
        fit->widest = cells > fit->widest ? cells : fit->widest;
    }
}

/* Of the columns, and of that of the rates behind them. */
static void fit_columns(struct rp_map_printer *p) {
    size_t first = first_column(p), count = rp_map_column_count(p);
    p->fits = calloc(count + 1, sizeof(*p->fits));
    if (!p->fits)
        return;
    for (size_t i = first; i < count; i++)
        measure(p, i);
    if (p->rates)
        p->fits[count] = (struct rp_fit){.header = 2, .widest = rate_width(p)};
    rp_fit(p->fits + first, count - first + (p->rates != NULL), p->format->columns);
}

static void fitted_cell(struct rp_map_printer *p, size_t i, const uint8_t *row, bool last) {
    size_t length;
    if (!row) {
        rp_fit_write_header(&p->w, &p->fits[i], p->t->layout->columns.items[i].header, last);
        return;
    }
    RP_AUTO_FREE char *text = cell_text(p, i, row, &length);
    rp_fit_write(&p->w, &p->fits[i], text ? text : "", text ? length : 0, last);
}

/* Between the marks where it has changed. NULL `row`: the names. */
static void fitted_entry(struct rp_map_printer *p, const uint8_t *row) {
    size_t count = rp_map_column_count(p);
    bool marked = p->format->mark && p->rate && p->rate->known && p->rate->per_s != 0;
    char rate[64] = "/s";
    if (marked)
        rp_write_string(&p->w, p->format->mark);
    rp_writer_flush(&p->w);
    for (size_t i = first_column(p); i < count; i++)
        fitted_cell(p, i, row, i + 1 == count && !p->rates);
    if (p->rate)
        write_rate(p->rate, rate, sizeof(rate));
    if (p->rates)
        rp_write_string(&p->w, rate);
    if (marked)
        rp_write_string(&p->w, p->format->unmark);
    rp_write_char(&p->w, '\n');
    rp_writer_flush(&p->w);
}

/* ---- tables */

static void text_entry(struct rp_map_printer *p, const uint8_t *row) {
    if (p->fits) {
        fitted_entry(p, row);
        return;
    }
    for (size_t i = first_column(p); i < rp_map_column_count(p); i++) {
        size_t start = rp_writer_columns(&p->w);
        if (row)
            rp_map_write_cell(p, i, row);
        else
            rp_write_string(&p->w, p->t->layout->columns.items[i].header);
        if (i + 1 < rp_map_column_count(p))
            rp_write_padding(&p->w, start, p->widths ? p->widths[i] : 0);
    }
    rp_write_char(&p->w, '\n');
}

static void find_widths(struct rp_map_printer *p) {
    p->widths = calloc(rp_map_column_count(p), sizeof(*p->widths));
    for (size_t i = 0; p->widths && i < rp_map_column_count(p); i++)
        p->widths[i] = width_of(p, i);
}

static void text_begin(struct rp_map_printer *p) {
    rp_write_text(&p->w, p->title, SIZE_MAX);
    if (p->format->interval && !p->t->row_count)
        rp_write_string(&p->w, ": nothing\n");
    else if (p->format->columns && !p->t->row_count)
        rp_write_string(&p->w, ": nothing yet\n");
    else
        rp_write_string(&p->w, is_one_value(p) ? ": " : ":\n");
    rp_writer_flush(&p->w);
    if (p->is_histogram || is_one_value(p) || !p->t->row_count)
        return;
    (p->format->columns ? fit_columns : find_widths)(p);
    text_entry(p, NULL);
}

static void text_end(struct rp_map_printer *p) {
    if (p->left_out) {
        rp_write_string(&p->w, RP_MORE " and ");
        rp_write_uint(&p->w, p->left_out);
        rp_write_string(&p->w, " more\n");
    }
    rp_writer_flush(&p->w);
    free(rp_take(p->widths));
    free(rp_take(p->fits));
}

/* ---- histograms */

static bool is_empty(const struct rp_map_group *group) {
    for (size_t i = 0; i < group->count; i++)
        if (group->buckets[i].count)
            return false;
    return true;
}

/* "comm = dd, cpu = 1", behind an empty line; lines without histograms stand together. */
static void text_headings(struct rp_map_printer *p, const struct rp_map_group *group) {
    const uint8_t *row = group->row;
    const char *before = p->was_empty && is_empty(group) ? "" : "\n";
    bool any = false;
    for (size_t i = 0; i < rp_map_column_count(p); i++) {
        if (!rp_map_is_heading(p->t, i))
            continue;
        rp_write_string(&p->w, any ? ", " : before);
        rp_write_string(&p->w, p->t->layout->columns.items[i].path);
        rp_write_string(&p->w, " = ");
        rp_map_write_cell(p, i, row);
        any = true;
    }
    if (any)
        rp_write_char(&p->w, '\n');
    rp_writer_flush(&p->w);
}

/* The slot in the last moments, from left to right: the darker, the more came. */
static void write_heat(void *ctx, unsigned slot, FILE *out) {
    static const char shades[] = " .:-=+*#%@";
    const struct rp_heat *heat = ctx;
    fputc(' ', out);
    for (unsigned i = 0; i < heat->count; i++) {
        double part = heat->most ? (double)heat->grown[i][slot] / (double)heat->most : 0;
        unsigned shade = heat->grown[i][slot] ? 1 + (unsigned)(part * (sizeof(shades) - 3)) : 0;
        fputc(shades[shade], out);
    }
}

/* Of a histogram that has no keys. */
static const struct rp_heat *heat_of(const struct rp_map_printer *p,
                                     const struct rp_map_group *group) {
    for (size_t i = 0; i < rp_map_column_count(p); i++)
        if (rp_map_is_heading(p->t, i))
            return NULL;
    return p->format->past && group->log2
               ? rp_map_past_heat(p->format->past, p->t->name, group->log2)
               : NULL;
}

static void text_group(struct rp_map_printer *p, const struct rp_map_group *group) {
    const char *unit = p->t->schema->unit ? p->t->schema->unit : "value";
    const struct rp_heat *heat = heat_of(p, group);
    const struct rp_bars bars = {.columns = p->format->columns,
                                 .only_used = true,
                                 .each = heat ? write_heat : NULL,
                                 .ctx = (void *)heat,
                                 .width = RP_HEAT_TIMES + 1};
    if (group->row)
        text_headings(p, group);
    p->was_empty = is_empty(group);
    rp_writer_flush(&p->w);
    (group->log2 ? rp_print_log2_buckets : rp_print_linear)(unit, group->buckets, group->count,
                                                            &bars, p->out);
    rp_print_summary(group->buckets, group->count, p->out);
}

const struct rp_map_form rp_map_text_form = {text_begin, text_entry, text_group, text_end};
