/* SPDX-License-Identifier: Apache-2.0 */
/* What the maps of a generated program mean. */
#include "compile/schema.h"

#include <string.h>

#include "query/plan.h"
#include "util/text.h"

struct building {
    const struct rp_query_plan *plan;
    struct rp_schema *schema;
    bool nomem;
};

/* The last one is the one that is being built; NULL without memory. */
static struct rp_map_schema *begin(struct building *b, const char *map, enum rp_meaning means) {
    struct rp_map_schema *schema = rp_schema_add(b->schema, map, means);
    b->nomem |= !schema;
    return schema;
}

static void add(struct building *b, struct rp_map_schema *map,
                const struct rp_member_schema *member) {
    b->nomem |= !map || !rp_map_schema_add(map, member);
}

static void set(struct building *b, const char **text, const char *value) {
    b->nomem |= !rp_map_schema_set(text, value);
}

static void add_member(struct building *b, struct rp_map_schema *map, const char *name,
                       enum rp_member_meaning means) {
    struct rp_member_schema member = {.name = name, .means = means};
    if (rp_member_is_stack(&member))
        member.stacks = "stacks";
    add(b, map, &member);
}

/* ------------------------------------------------------------------ values */

static enum rp_member_meaning meaning_of(const struct rp_query_plan *p,
                                         const struct rp_value *value) {
    if (rp_node_is_stack(value->node))
        return rp_plan_is_user_stack(p, value->node) ? RP_MEMBER_USER_STACK
                                                     : RP_MEMBER_KERNEL_STACK;
    if (value->is_process || rp_node_is_builtin(value->node, "pid"))
        return RP_MEMBER_PID;
    if (rp_node_is_builtin(value->node, "comm"))
        return RP_MEMBER_COMM;
    return rp_value_is_open(value) ? RP_MEMBER_OPEN_TEXT : RP_MEMBER_PLAIN;
}

/* Of a key all digits are shown: keys that differ look different. */
static char *look_of(const struct building *b, const struct rp_value *value, bool is_key) {
    const char *look =
        value->has_no_look ? NULL : rp_plan_look(value->part ? value->part : b->plan, value->node);
    bool is_scaled = look && (!strncmp(look, "in:", 3) || !strcmp(look, "duration"));
    return look ? rp_text("%s%s", is_key && is_scaled ? "all-" : "", look) : NULL;
}

static void add_value(struct building *b, struct rp_map_schema *map, const struct rp_value *value,
                      const char *header, bool is_key) {
    const struct rp_query_plan *p = value->part ? value->part : b->plan;
    RP_AUTO_FREE char *look = look_of(b, value, is_key);
    struct rp_member_schema member = {
        .name = value->member,
        .means = meaning_of(p, value),
        .header = header,
        .unit = look || !rp_node_is_builtin(value->node, "nsecs") ? look : "ns"};
    if (rp_member_is_stack(&member))
        member.stacks = "stacks";
    RP_AUTO_FREE char *size =
        rp_node_is_bytes(value->node) ? rp_text("%s_size", value->member) : NULL;
    if (size)
        add_member(b, map, size, RP_MEMBER_SIZE);
    add(b, map, &member);
}

/* What is computed is called as it was written, for the member's name has no operators; NULL: the
 * member's name says it. */
static const char *key_header(const struct rp_value *value) {
    const struct rp_node *node = rp_node_of_moments(value->node);
    bool is_computed = node->kind == RP_NODE_UNARY || node->kind == RP_NODE_BINARY ||
                       node->kind == RP_NODE_CONDITION || node->kind == RP_NODE_COMPARE;
    bool is_name =
        node->kind == RP_NODE_VARIABLE || node->kind == RP_NODE_NUMBER || value->node->alias;
    bool is_renamed = is_name && strcmp(value->member, value->text) != 0;
    return is_renamed || (is_computed && !value->node->alias) ? value->text : NULL;
}

static void add_key(struct building *b, struct rp_map_schema *map) {
    const struct rp_query_plan *p = b->plan;
    if (p->by_match)
        add_member(b, map, "place", RP_MEMBER_ATTACH_POINT);
    if (rp_has_interval(p))
        add_member(b, map, "interval", RP_MEMBER_INTERVAL);
    if (rp_values_may_fail(&p->keys))
        add_member(b, map, "unread", RP_MEMBER_UNREAD);
    for (size_t i = 0; i < p->keys.count; i++)
        add_value(b, map, &p->keys.items[i], key_header(&p->keys.items[i]), true);
}

/* ------------------------------------------------------------------ maps */

static void add_loss(struct building *b, const char *map, const char *loss) {
    struct rp_map_schema *schema = begin(b, map, RP_MEANS_LOSS);
    b->nomem |= !loss;
    if (schema && loss)
        set(b, &schema->loss, loss);
}

static void add_missed(struct building *b, const char *noun, const char *map) {
    RP_AUTO_FREE char *loss = rp_text("%s were not counted: the map %s is full", noun, map);
    add_loss(b, "missed", loss);
}

/* Of text that is compared only a beginning is looked at. */
static bool looks_at_beginning(const struct rp_node *node) {
    if (!node)
        return false;
    if (node->kind == RP_NODE_COMPARE)
        return node->b->kind != RP_NODE_STRING || rp_compares_pattern(node->op, node->a);
    return looks_at_beginning(node->a) || looks_at_beginning(node->b) ||
           looks_at_beginning(node->c);
}

/* Whether it is what a call writes, which one that fails does not. */
static bool is_result(const struct rp_node *node) {
    if (!node)
        return false;
    if (node->kind == RP_NODE_MOMENT && !node->asks_entry)
        return rp_node_reads_result(node->a);
    return is_result(node->a) || is_result(node->b) || is_result(node->c);
}

static bool any_part(const struct rp_node *node, bool (*test)(const struct rp_node *node)) {
    return node && (test(node) || any_part(node->a, test) || any_part(node->b, test) ||
                    any_part(node->c, test));
}

static bool is_beyond(const struct rp_node *node) {
    return node->kind == RP_NODE_INDEX && node->b && !node->b->is_constant &&
           node->a->type->kind == RP_C_ARRAY;
}

/* Why it may not be there, and what can be done about that. */
static const char *memory_reason(const struct rp_query_plan *p, const struct rp_node *node) {
    const struct rp_probe_kind *kind = p->points[0].spec.kind;
    if (!node->reads_memory && !node->is_text)
        return "nothing is divided by 0, or shifted that far";
    if (is_result(node))
        return looks_at_beginning(node)
                   ? "the call has failed, or it is longer than what is looked at"
                   : "the call has failed, or it is not in memory";
    if (looks_at_beginning(node))
        return "it is not in memory, or longer than what is looked at";
    if (p->points[0].memory != RP_MEMORY_USER)
        return "there is no such memory";
    return p->pair || !kind->call || !node->is_text ? "it is not in memory"
                                                    : "it is not in memory at the entry; ask for "
                                                      "`ret`, too, and it is read again at the "
                                                      "return";
}

static char *reason(const struct rp_query_plan *p, const struct rp_node *node) {
    bool divides = any_part(node, rp_node_may_divide), beyond = any_part(node, is_beyond);
    const char *memory = memory_reason(p, node);
    return rp_text(
        "%s%s%s", memory,
        divides && node->reads_memory ? ", or something is divided by 0 or shifted too far" : "",
        beyond ? ", or an index is not one of its array" : "");
}

static void add_unread(void *ctx, const char *map, const struct rp_node *node,
                       enum rp_unread_part part) {
    struct building *b = ctx;
    static const char *const formats[] = {
        [RP_UNREAD_VALUE] = "reads of `%.*s` failed: %s",
        [RP_UNREAD_NUMBER] = "events were not counted: `%.*s` cannot be read (%s)",
        [RP_UNREAD_END] = "events may have been the last one: `%.*s` cannot be read (%s)",
        [RP_UNREAD_CONDITION] = "events were left out: `%.*s` cannot be read (%s)"};
    RP_AUTO_FREE char *why = reason(b->plan, node);
    RP_AUTO_FREE char *loss =
        why ? rp_text(formats[part], (int)node->length, node->text, why) : NULL;
    add_loss(b, map, loss);
}

/* Where the value is an argument by a name that the task has, too; else NULL. */
static const struct rp_attach_point *hides_the_tasks(const struct rp_query_plan *p,
                                                     const struct rp_value *value) {
    const struct rp_node *node = rp_node_of_moments(value->node);
    bool is_name = !strcmp(value->text, "pid") || !strcmp(value->text, "comm");
    bool is_column = is_name && rp_has_task(p) && !value->node->alias;
    return is_column && node->kind == RP_NODE_VARIABLE ? rp_plan_place(p, node->variable) : NULL;
}

/* "field_pid" of a tracepoint's own, beside the task's. malloc()ed. */
static char *header_of(const struct rp_query_plan *p, const struct rp_value *value) {
    const struct rp_attach_point *place = hides_the_tasks(p, value);
    return place ? rp_text("%s_%s", rp_spec_noun(&place->spec), value->text) : strdup(value->text);
}

static void add_column(struct building *b, struct rp_map_schema *rows,
                       const struct rp_value *value) {
    RP_AUTO_FREE char *header = header_of(value->part ? value->part : b->plan, value);
    b->nomem |= !header;
    if (header)
        add_value(b, rows, value, header, false);
}

/* Which of several probes it is, and what that does not have. */
static void add_place(struct building *b, struct rp_map_schema *rows) {
    const struct rp_member_schema place = {
        .name = "place", .means = RP_MEMBER_ATTACH_POINT, .header = "probe"};
    add(b, rows, &place);
    add_member(b, rows, "absent", RP_MEMBER_ABSENT);
}

static void add_rows(struct building *b) {
    const struct rp_query_plan *p = b->plan;
    bool iterated = !p->part_count && p->points[0].spec.kind->write_row;
    struct rp_map_schema *rows = iterated ? begin(b, "rows", RP_MEANS_ITERATED)
                                          : begin(b, rp_own(p, "events").text, RP_MEANS_ROWS);
    if (p->part_count)
        add_place(b, rows);
    if (p->part_count || rp_has_task(p)) {
        add_member(b, rows, "pid", RP_MEMBER_PID);
        add_member(b, rows, "comm", RP_MEMBER_COMM);
    }
    if (rp_values_may_fail(&p->columns))
        add_member(b, rows, "unread", RP_MEMBER_UNREAD);
    for (size_t i = 0; i < p->columns.count; i++)
        add_column(b, rows, &p->columns.items[i]);
}

static void add_counts(struct building *b) {
    const struct rp_name counts = rp_own(b->plan, "counts");
    bool has_key = rp_has_key(b->plan);
    add_key(b, begin(b, counts.text, has_key ? RP_MEANS_TABLE : RP_MEANS_COUNTER));
    if (has_key)
        add_missed(b, "events", counts.text);
}

static void set_linear(struct building *b, struct rp_map_schema *map) {
    const struct rp_question *q = b->plan->question;
    map->low = q->low;
    map->high = q->high;
    map->step = q->step;
}

static void add_histogram(struct building *b, const char *unit) {
    const struct rp_query_plan *p = b->plan;
    bool linear = p->question->linear, is_member = linear || rp_has_key(p);
    struct rp_name name = rp_own(p, linear ? "dist_linear" : "dist");
    struct rp_map_schema *map = begin(b, name.text, linear ? RP_MEANS_LINEAR : RP_MEANS_LOG2);
    add_key(b, map);
    if (is_member)
        add_member(b, map, "slot", RP_MEMBER_BUCKET);
    if (map)
        set(b, &map->unit, unit);
    if (map && linear)
        set_linear(b, map);
    if (is_member)
        add_missed(b, "events", name.text);
    if (rp_has_negative(p))
        add_loss(b, "negative", "events were not counted: a negative number has no bucket");
}

static void add_stats(struct building *b) {
    const char *name = NULL;
    unsigned figures = rp_plan_figures(b->plan, &name);
    struct rp_name own = rp_own(b->plan, name);
    struct rp_map_schema *map = begin(b, own.text, RP_MEANS_STATS);
    add_key(b, map);
    if (map)
        map->figures = figures;
    const char *look = rp_plan_look(b->plan, b->plan->number.node);
    if (map && look)
        set(b, &map->unit, look);
    add_missed(b, "events", own.text);
}

/* By other keys, too, they are a table. */
static void add_stacks(struct building *b) {
    const struct rp_query_plan *p = b->plan;
    struct rp_map_schema *counts =
        begin(b, "counts", p->keys.count ? RP_MEANS_TABLE : RP_MEANS_STACKS);
    add_member(b, counts, "pid", RP_MEMBER_PID);
    add_member(b, counts, "user_stack", RP_MEMBER_USER_STACK);
    add_member(b, counts, "kernel_stack", RP_MEMBER_KERNEL_STACK);
    add_member(b, counts, "comm", RP_MEMBER_COMM);
    add_key(b, counts);
    add_missed(b, "stacks", "counts");
}

/* Calls that began: what is left of them has not returned, or nobody has told of it. */
static void add_calls(struct building *b, const struct rp_query_plan *p) {
    const char *unreturned = p->is_span ? "starts were left out: the end was not seen"
                                        : "calls were left out: the return was not seen";
    RP_AUTO_FREE char *unkept = rp_text(
        p->is_span ? "starts were left out: the map %s is full of those that have not ended"
                   : "calls were left out: the map %s is full of calls that have not returned",
        p->map);
    struct rp_map_schema *calls = begin(b, p->map, RP_MEANS_SCRATCH);
    if (calls)
        set(b, &calls->loss, unreturned);
    if (p->has_call_maps)
        return;
    add_loss(b, RP_MAP_UNRETURNED, unreturned);
    add_loss(b, RP_MAP_UNKEPT, unkept);
}

/* Calls that have only a return. All parts count them in one map. */
static void add_refusals(struct building *b) {
    const struct rp_query_plan *whole = b->plan;
    const struct rp_query_plan *parts = whole->part_count ? whole->parts : whole;
    size_t count = whole->part_count ? whole->part_count : 1;
    bool sees = false, asks = false;
    for (size_t i = 0; i < count; i++)
        if (rp_plan_sees_refusals(&parts[i])) {
            sees = true;
            asks |= rp_plan_asks_at_entry(&parts[i]);
        }
    if (sees)
        add_loss(b, RP_MAP_REFUSED,
                 asks ? "calls may be missing: the condition or a seccomp filter refused"
                      : "calls were left out: a seccomp filter refused before the entry");
}

static void add_verb(struct building *b) {
    const struct rp_question *q = b->plan->question;
    switch (q->verb) {
    case RP_VERB_TRACE:
        add_rows(b);
        return;
    case RP_VERB_COUNT:
    case RP_VERB_TOP:
        add_counts(b);
        return;
    case RP_VERB_HIST:
        add_histogram(b, b->plan->number.text);
        return;
    case RP_VERB_LATENCY:
        add_histogram(b, "usecs");
        return;
    case RP_VERB_STACK:
    case RP_VERB_PROFILE:
        add_stacks(b);
        return;
    default:
        add_stats(b);
    }
}

struct rp_schema *rp_plan_schema(const struct rp_query_plan *p) {
    struct building b = {.plan = p, .schema = rp_schema_new()};
    if (!b.schema)
        return NULL;
    add_verb(&b);
    rp_plan_each_unread(p, add_unread, &b);
    if (p->pair)
        add_calls(&b, p);
    for (size_t i = 0; i < p->part_count; i++)
        if (p->parts[i].pair)
            add_calls(&b, &p->parts[i]);
    add_refusals(&b);
    if (p->question->sample)
        begin(&b, RP_MAP_SAMPLED, RP_MEANS_SCRATCH);
    if (p->question->until || p->question->until_condition)
        begin(&b, RP_MAP_TAKEN, RP_MEANS_TAKEN);
    if (rp_has_interval(p))
        begin(&b, RP_MAP_INTERVALS, RP_MEANS_INTERVAL);
    if (rp_plan_names_user_stacks(p)) {
        begin(&b, "processes", RP_MEANS_PROCESSES);
        begin(&b, "memories", RP_MEANS_SCRATCH);
    }
    if (!b.nomem)
        return b.schema;
    rp_schema_free(b.schema);
    return NULL;
}
