/* SPDX-License-Identifier: Apache-2.0 */
#include "record/variables.h"

#include <stdlib.h>
#include <string.h>

#include "record/histogram.h"
#include "record/view.h"
#include "util/cleanup.h"
#include "util/csv.h"
#include "util/text.h"
#include "util/writer.h"

struct printing {
    const char *title;
    enum rp_map_output as;
    bool named; /* CSV: by the title */
    FILE *out;
    bool has_histograms; /* `slots` are counts by logarithm */
    bool any;
};

static bool is_zero(const struct rp_view *view) {
    const uint8_t *at = view->data + rp_view_offset(view);
    size_t length = rp_view_present(view) ? rp_view_length(view) : 0;
    for (size_t i = 0; i < length; i++)
        if (at[i])
            return false;
    return true;
}

/* ---- histograms: libbpf's tools keep them in structs, by the name of the member */

static const struct rp_member *find_slots(const struct rp_type *type) {
    for (size_t i = 0; type->kind == RP_STRUCT && i < type->members.count; i++) {
        const struct rp_member *member = &type->members.items[i];
        if (strcmp(member->name, "slots") == 0 && member->type->kind == RP_ARRAY &&
            member->type->element->kind == RP_UINT && member->type->count > 1 &&
            member->type->count < RP_LOG2_SLOTS)
            return member;
    }
    return NULL;
}

static size_t read_slots(const struct rp_view *slots, struct rp_bucket buckets[RP_LOG2_SLOTS]) {
    uint64_t counts[RP_LOG2_SLOTS] = {0};
    for (size_t i = 0; i < slots->type->count; i++) {
        const struct rp_view one = rp_view_element(slots, i);
        counts[i + 1] = rp_view_uint(&one);
    }
    return rp_log2_buckets(counts, slots->type->count, buckets);
}

/* ---- one variable */

static void begin(struct printing *p) {
    if (!p->any && p->as == RP_MAP_TEXT)
        fprintf(p->out, "%s:\n", p->title);
    if (!p->any && p->as == RP_MAP_CSV)
        fprintf(p->out, "%sname,value\r\n", p->named ? "map," : "");
    p->any = true;
}

static void begin_json(struct rp_writer *json, const struct printing *p, const char *name) {
    rp_json_begin(json, p->out);
    rp_json_string(json, "map", p->title);
    rp_json_string(json, "key", name);
}

static void print_json(const struct printing *p, const char *name, const struct rp_view *view) {
    struct rp_writer json;
    begin_json(&json, p, name);
    rp_json_value(&json, "value", view);
    rp_json_end(&json);
}

static void print_plain(struct printing *p, const char *name, const struct rp_view *view) {
    if (p->as == RP_MAP_JSON)
        return print_json(p, name, view);
    RP_AUTO_FREE char *text = rp_value_text(view);
    if (p->as == RP_MAP_TEXT) {
        fprintf(p->out, "  %s = %s\n", name, text ? text : "?");
        return;
    }
    if (p->named)
        fprintf(p->out, "%s,", p->title);
    rp_csv_cell(name, p->out);
    fputc(',', p->out);
    rp_csv_cell(text ? text : "", p->out);
    fputs("\r\n", p->out);
}

/* The other members are a value, as of a map's entry. */
static void print_json_histogram(const struct printing *p, const char *name,
                                 const struct rp_view *view, const struct rp_member *slots,
                                 const struct rp_bucket *buckets, size_t count) {
    struct rp_writer json;
    begin_json(&json, p, name);
    slots->type->is_hidden = true;
    if (view->type->members.count > 1)
        rp_json_value(&json, "value", view);
    slots->type->is_hidden = false;
    rp_json_buckets(&json, "histogram", buckets, count);
    rp_json_end(&json);
}

static void print_headings(const struct printing *p, const struct rp_view *view,
                           const struct rp_member *slots) {
    const char *separator = " ";
    for (size_t i = 0; i < view->type->members.count; i++) {
        const struct rp_member *member = &view->type->members.items[i];
        const struct rp_view one = rp_view_member(view, member);
        if (member == slots)
            continue;
        RP_AUTO_FREE char *text = rp_value_text(&one);
        fprintf(p->out, "%s%s%s%s", separator, member->name, *member->name ? " = " : "",
                text ? text : "?");
        separator = ", ";
    }
}

static void print_histogram(const struct printing *p, const char *name, const struct rp_view *view,
                            const struct rp_member *slots) {
    struct rp_bucket buckets[RP_LOG2_SLOTS];
    const struct rp_view of_slots = rp_view_member(view, slots);
    size_t count = read_slots(&of_slots, buckets);
    if (p->as == RP_MAP_JSON)
        return print_json_histogram(p, name, view, slots, buckets, count);
    fprintf(p->out, "  %s:", name);
    print_headings(p, view, slots);
    fputc('\n', p->out);
    rp_print_log2_buckets("value", buckets, count, &(struct rp_bars){0}, p->out);
}

static void print_variable(struct printing *p, const char *name, const struct rp_view *view) {
    const struct rp_member *slots = p->has_histograms ? find_slots(view->type) : NULL;
    if (is_zero(view))
        return;
    begin(p);
    if (!slots || p->as == RP_MAP_CSV)
        return print_plain(p, name, view);
    print_histogram(p, name, view, slots);
}

/* Of an array of histograms each is printed by itself. */
static void print_elements(struct printing *p, const char *name, const struct rp_view *view) {
    for (size_t i = 0; i < view->type->count; i++) {
        const struct rp_view one = rp_view_element(view, i);
        RP_AUTO_FREE char *element = rp_text("%s[%zu]", name, i);
        if (element)
            print_variable(p, element, &one);
    }
}

void rp_variables_print(const struct rp_map_table *t, const char *title,
                        const struct rp_map_format *format, FILE *out) {
    struct printing p = {.title = title,
                         .as = format->as,
                         .named = format->named,
                         .out = out,
                         .has_histograms = t->schema->from_zero};
    const struct rp_view all = rp_map_value(t, rp_map_row(t, 0));
    for (size_t i = 0; i < t->value->members.count; i++) {
        const struct rp_member *member = &t->value->members.items[i];
        const struct rp_view view = rp_view_member(&all, member);
        if (member->type->kind == RP_ARRAY && find_slots(member->type->element))
            print_elements(&p, member->name, &view);
        else
            print_variable(&p, member->name, &view);
    }
}
