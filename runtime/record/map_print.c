/* SPDX-License-Identifier: Apache-2.0 */
/* Maps in words: as tables and histograms, as JSON (an object an entry or a histogram), as CSV (RFC
 * 4180: a line of names, then one an entry or a bucket, each ended by CR LF). */
#include "record/map_printer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/variables.h"
#include "util/cleanup.h"
#include "util/csv.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/writer.h"

/* ---- JSON */

static void json_cell(struct rp_map_printer *p, const char *name, size_t i,
                      const struct rp_view *view, const uint8_t *row) {
    RP_AUTO_FREE char *meaning = rp_map_name_cell(p, i, row);
    if (meaning)
        rp_json_string(&p->w, name, meaning);
    else
        rp_json_value(&p->w, name, view);
}

/* The column that the view is of; column_count() when it is of several, or of none. */
static size_t column_of(const struct rp_map_printer *p, const struct rp_view *view) {
    size_t i = 0;
    while (i < rp_map_column_count(p) &&
           (p->t->layout->columns.items[i].type != view->type ||
            p->t->layout->columns.items[i].bit_offset != view->bit_offset))
        i++;
    return i;
}

/* Whether its members can be told by their names, one after another. */
static bool is_plain_struct(const struct rp_type *type) {
    for (size_t i = 0; i < type->members.count; i++)
        if (!*type->members.items[i].name)
            return false;
    return type->kind == RP_STRUCT;
}

static void json_part(struct rp_map_printer *p, const char *name, const struct rp_view *view,
                      const uint8_t *row);

/* In a histogram, without what it counts. */
static void json_members(struct rp_map_printer *p, const char *name, const struct rp_view *view,
                         const uint8_t *row) {
    rp_json_object(&p->w, name);
    for (size_t i = 0; i < view->type->members.count; i++) {
        const struct rp_member *member = &view->type->members.items[i];
        struct rp_view inner = rp_view_member(view, member);
        size_t column = column_of(p, &inner);
        if (member->type->is_hidden)
            continue;
        if (p->is_histogram && column < rp_map_column_count(p) && !rp_map_is_heading(p->t, column))
            continue;
        json_part(p, member->name, &inner, row);
    }
    rp_json_object_end(&p->w);
}

static void json_part(struct rp_map_printer *p, const char *name, const struct rp_view *view,
                      const uint8_t *row) {
    size_t column = column_of(p, view);
    if (column < rp_map_column_count(p))
        json_cell(p, name, column, view, row);
    else if (is_plain_struct(view->type))
        json_members(p, name, view, row);
    else
        rp_json_value(&p->w, name, view);
}

static void json_begin(struct rp_map_printer *p) {
    rp_json_begin(&p->w, p->out);
    if (p->format->time)
        rp_json_string(&p->w, "time", p->format->time);
    rp_json_string(&p->w, "map", p->title);
}

static void json_entry(struct rp_map_printer *p, const uint8_t *row) {
    struct rp_view key = rp_map_key(p->t, row), value = rp_map_value(p->t, row);
    json_begin(p);
    if (p->t->key_columns)
        json_part(p, "key", &key, row);
    json_part(p, "value", &value, row);
    if (p->rate && p->rate->known)
        rp_json_double(&p->w, "per_s", 1, p->rate->per_s);
    rp_json_end(&p->w);
}

static bool any_heading(const struct rp_map_printer *p, bool of_value) {
    size_t first = of_value ? p->t->key_columns : 0,
           end = of_value ? rp_map_column_count(p) : p->t->key_columns;
    for (size_t i = first; i < end; i++)
        if (rp_map_is_heading(p->t, i))
            return true;
    return false;
}

static void json_group(struct rp_map_printer *p, const struct rp_map_group *group) {
    json_begin(p);
    if (group->row && any_heading(p, false)) {
        struct rp_view key = rp_map_key(p->t, group->row);
        json_part(p, "key", &key, group->row);
    }
    if (group->row && any_heading(p, true)) {
        struct rp_view value = rp_map_value(p->t, group->row);
        json_part(p, "value", &value, group->row);
    }
    rp_json_buckets(&p->w, "histogram", group->buckets, group->count);
    rp_json_end(&p->w);
}

/* ---- CSV */

/* NULL `row`: its name. */
static void csv_cell(struct rp_map_printer *p, size_t i, const uint8_t *row) {
    RP_AUTO_FREE char *text = NULL;
    size_t length;
    struct rp_view view = rp_map_cell(p->t, i, row);
    bool unread = row && rp_view_unread(&view);
    FILE *cell = row && !unread ? open_memstream(&text, &length) : NULL;
    if (!row)
        rp_csv_cell(p->t->layout->columns.items[i].path, p->out);
    if (!cell)
        return;
    rp_writer_begin(&p->w, cell);
    rp_map_write_cell(p, i, row);
    rp_writer_flush(&p->w);
    fclose(cell);
    rp_writer_begin(&p->w, p->out);
    if (text)
        rp_csv_cell(text, p->out);
}

/* NULL `row`: its name. */
static void csv_map(struct rp_map_printer *p, const uint8_t *row) {
    if (!p->format->named)
        return;
    rp_csv_cell(row ? p->title : "map", p->out);
    fputc(',', p->out);
}

static void csv_entry(struct rp_map_printer *p, const uint8_t *row) {
    csv_map(p, row);
    for (size_t i = 0; i < rp_map_column_count(p); i++) {
        if (i)
            fputc(',', p->out);
        csv_cell(p, i, row);
    }
    fputs("\r\n", p->out);
}

static void csv_headings(struct rp_map_printer *p, const uint8_t *row) {
    csv_map(p, row);
    for (size_t i = 0; i < rp_map_column_count(p); i++)
        if (rp_map_is_heading(p->t, i)) {
            csv_cell(p, i, row);
            fputc(',', p->out);
        }
}

static void csv_begin(struct rp_map_printer *p) {
    if (!p->is_histogram) {
        csv_entry(p, NULL);
        return;
    }
    csv_headings(p, NULL);
    fputs("min,max,count\r\n", p->out);
}

static void csv_edge(const struct rp_map_printer *p, const struct rp_bucket *bucket, int64_t edge) {
    if (bucket->is_unsigned)
        fprintf(p->out, "%" PRIu64, (uint64_t)edge);
    else
        fprintf(p->out, "%" PRId64, edge);
}

static void csv_group(struct rp_map_printer *p, const struct rp_map_group *group) {
    for (size_t i = 0; i < group->count; i++) {
        const struct rp_bucket *bucket = &group->buckets[i];
        csv_headings(p, group->row);
        if (!bucket->below)
            csv_edge(p, bucket, bucket->min);
        fputc(',', p->out);
        if (!bucket->above)
            csv_edge(p, bucket, bucket->max);
        fprintf(p->out, ",%" PRIu64 "\r\n", bucket->count);
    }
}

/* ---- all of it */

static void no_begin(struct rp_map_printer *p) {
    (void)p;
}

static void no_end(struct rp_map_printer *p) {
    (void)p;
}

static const struct rp_map_form
    json_form = {no_begin, json_entry, json_group, no_end},
    csv_form = {csv_begin, csv_entry, csv_group, no_end},
    *const forms[] = {
        [RP_MAP_TEXT] = &rp_map_text_form, [RP_MAP_JSON] = &json_form, [RP_MAP_CSV] = &csv_form};

static void count_group(void *ctx, const struct rp_map_group *group) {
    (void)group;
    ++*(size_t *)ctx;
}

/* Those with most come last. */
static void on_group(void *ctx, const struct rp_map_group *group) {
    struct rp_map_printer *p = ctx;
    if (p->first)
        p->first--;
    else
        forms[p->format->as]->group(p, group);
}

/* How many there are, and how many of these are shown: those with most, which rows that are sorted
 * by their numbers end with. */
static struct rp_error *choose(struct rp_map_printer *p, struct rp_map_table *t) {
    size_t most = p->format->most, count = t->row_count;
    bool ascend = rp_map_has_number(t) || t->schema->means == RP_MEANS_STATS;
    if (p->is_histogram) {
        count = 0;
        RP_TRY(most ? rp_map_each_group(t, count_group, &count) : NULL);
    }
    p->shown = most && most < count ? most : count;
    p->left_out = count - p->shown;
    p->first =
        p->is_histogram || (ascend && !p->rates && !p->format->largest_first) ? p->left_out : 0;
    return NULL;
}

static void print_entries(struct rp_map_printer *p) {
    for (size_t i = 0; i < p->shown; i++) {
        p->rate = p->rates ? &p->rates[i] : NULL;
        forms[p->format->as]->entry(p, rp_map_printer_row(p, i));
    }
    p->rate = NULL;
}

static struct rp_error *print(struct rp_map_printer *p, struct rp_map_table *t) {
    const struct rp_map_form *form = forms[p->format->as];
    RP_AUTO_FREE struct rp_map_rate *rates = NULL;
    if (p->format->past && !p->is_histogram)
        RP_TRY(rp_map_past_rates(p->format->past, t, &rates));
    p->rates = rates;
    RP_TRY(choose(p, t));
    form->begin(p);
    struct rp_error *err = NULL;
    if (p->is_histogram)
        err = rp_map_each_group(t, on_group, p);
    else
        print_entries(p);
    form->end(p);
    rp_writer_flush(&p->w);
    return err;
}

struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *given, FILE *out) {
    struct rp_map_format format;
    RP_AUTO_MAP_TABLE t = {0};
    RP_TRY(rp_opts_read(&format, sizeof(format), given, "rp_map_format"));
    if (rp_module_map_fd(module, name) < 0)
        return rp_module_map_missing(module, name);
    if (!rp_map_is_data(module, name))
        return NULL;
    RP_TRY(rp_map_table_open(module, name, &t));
    t.interval = format.interval;
    RP_TRY(rp_map_table_read(&t));
    struct rp_map_printer p = {
        .t = &t, .format = &format, .is_histogram = rp_map_is_histogram(&t), .out = out};
    p.title = format.title ? format.title : name;
    if (rp_module_map(module, name)->data && t.row_count)
        return rp_variables_print(&t, p.title, &format, out), NULL;
    rp_writer_begin(&p.w, out);
    return print(&p, &t);
}
