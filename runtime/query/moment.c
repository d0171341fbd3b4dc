/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry and return: which attach points a question takes, when each part of an expression is read,
 * and when a condition is asked.
 *
 * Arguments and what they lead to are read at the entry:
 * at the return that memory may be another's. What the return needs of it is kept, by the thread
 * that calls; the tree of the return has "entry(…)" there, as one can also say it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/binary.h"
#include "probe/leaving.h"
#include "query/plan.h"
#include "query/tree/build.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ which attach points it takes
 */

static bool wants_return(const struct rp_node *node) {
    return node->reads_return || node->asks_return;
}

static bool reads_result(const struct rp_node *node) {
    return rp_node_reads(node, "ret");
}

static bool reads_duration(const struct rp_node *node) {
    return rp_node_reads(node, RP_DURATION);
}

static bool reads_argument(const struct rp_node *node) {
    return node->reads_argument;
}

static bool asks_entry(const struct rp_node *node) {
    return node->asks_entry;
}

/* Whether it goes to where arguments lead, which may be gone by the return: their own values are
 * the same there. */
static bool follows(const struct rp_node *node) {
    return node->reads_argument && (node->reads_memory || rp_c_is_address(node->type));
}

static struct rp_error *no_return(const struct rp_question *q,
                                  const struct rp_attach_point *point) {
    struct rp_error *err =
        q->verb == RP_VERB_LATENCY
            ? rp_cannot_answer(q, EINVAL, "%s has no end to wait for", point->text)
            : rp_cannot_answer(q, EINVAL, "%s has no `ret`: nothing returns there", point->text);
    return rp_error_hint_set(err, "functions return (kprobe, fentry, uprobe), and syscalls do "
                                  "(tracepoint:syscalls:sys_enter_NAME)");
}

/* Some programs, and some functions, cannot be probed where they return. */
static struct rp_error *check_program(const struct rp_question *q, const struct rp_spec *spec) {
    RP_AUTO_FREE char *path = NULL;
    if (!spec->kind->in_files || !spec->target)
        return NULL;
    struct rp_error *err = rp_binary_find(spec->path, &path);
    if (!err)
        err = rp_leaving_check(path, spec->target);
    RP_AUTO_FREE char *line = err ? rp_question_line(q) : NULL;
    return line ? rp_error_what_set(err, "cannot answer `%s`", line) : err;
}

static struct rp_error *replace_point(struct rp_query_plan *p, size_t i, char *spec,
                                      const char *fallback) {
    RP_AUTO_FREE char *own = spec;
    if (!own)
        return rp_error_nomem();
    rp_attach_point_clear(&p->points[i]);
    return rp_attach_point_open(own, fallback, p->question, &p->points[i]);
}

/* Where the kernel calls programs directly at both ends it misses no return; kretprobes can wait
 * for some calls only. */
static void direct_ends(const struct rp_spec *spec, char **entry, char **end) {
    RP_AUTO_FREE char *counted = rp_spec_call(spec, RP_CALL_COUNTED);
    RP_AUTO(rp_spec_clear) struct rp_spec direct = {0};
    if (!counted || !strcmp(counted, *end) || !rp_probe_exists(counted))
        return;
    struct rp_error *err = rp_spec_parse(counted, &direct);
    char *first = err ? NULL : rp_spec_call(&direct, RP_CALL_ENTRY);
    rp_error_free(err);
    if (!first)
        return;
    free(*entry);
    free(*end);
    *entry = first;
    *end = rp_take(counted);
}

/* Parts of a trace have functions of their own. */
static const char *fallback_of(struct rp_query_plan *p, const char *name) {
    const char *own =
        p->part ? rp_arena_text(&p->scope.types.arena, "%s_%zu", name, p->part) : name;
    return own ? own : name;
}

/* Calls are told apart by the stack, which in a 32-bit program has other words. */
static struct rp_error *check_calls(const struct rp_query_plan *p, const struct rp_spec *spec) {
    RP_AUTO_FREE char *path = NULL;
    struct rp_error *err =
        spec->kind->in_files && spec->target ? rp_binary_find(spec->path, &path) : NULL;
    if (err || !path || !rp_binary_is_narrow(path))
        return err;
    return rp_error_hint_set(rp_cannot_answer(p->question, ENOTSUP,
                                              "%s is a 32-bit program, whose calls cannot be told "
                                              "apart",
                                              path),
                             "count and stack work there, also at returns (uretprobe)");
}

/* Two functions: one keeps what is known at the entry for the other. */
struct rp_error *rp_attach_points_pair(struct rp_query_plan *p) {
    const struct rp_spec *spec = &p->points[0].spec;
    RP_AUTO_FREE char *entry = rp_spec_call(spec, RP_CALL_ENTRY),
                      *end = rp_spec_call(spec, RP_CALL_RETURN);
    if (!entry || !end)
        return no_return(p->question, &p->points[0]);
    RP_TRY(check_program(p->question, spec));
    RP_TRY(check_calls(p, spec));
    direct_ends(spec, &entry, &end);
    p->point_count = 2;
    p->pair = true;
    p->map = p->map ? p->map : "entered";
    RP_TRY(replace_point(p, 0, rp_take(entry), fallback_of(p, "on_entry")));
    RP_TRY(rp_attach_point_open(end, fallback_of(p, "on_return"), p->question, &p->points[1]));
    /* A syscall's result is a field of the tracepoint where it ends. */
    struct rp_arguments *arguments = p->points[0].arguments;
    if (!arguments->result && p->points[1].spec.kind->result == RP_RESULT_ARGUMENT)
        arguments->result = strdup("long");
    return NULL;
}

/* A field of the event's own. */
static bool is_result_of_event(const struct rp_attach_point *point) {
    return point->spec.kind->result == RP_RESULT_ARGUMENT &&
           rp_argument_find(point->arguments, "ret");
}

static struct rp_error *check_void(const struct rp_query_plan *p,
                                   const struct rp_attach_point *point) {
    if (point->arguments->result || point->spec.offset ||
        (!point->spec.kind->of_functions && !point->arguments->typed.btf))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL, "%s returns nothing: it is void", point->spec.target),
        "leave `ret` out: the place %s can still be traced", point->text);
}

/* Text that a syscall is given is in memory at its return: so a condition on it takes that, too. */
static bool compares_text_of_process(const struct rp_query_plan *p) {
    const struct rp_attach_point *point = &p->points[0];
    return p->predicate && point->memory == RP_MEMORY_USER && !point->spec.kind->in_files &&
           !point->is_return && point->spec.kind->call &&
           rp_node_reads_text_of_process(p->predicate);
}

struct rp_error *rp_plan_check_return(const struct rp_query_plan *p, const struct rp_node *node) {
    const struct rp_attach_point *point = &p->points[0];
    if (point->is_pattern || point->is_return || !wants_return(node))
        return NULL;
    RP_AUTO_FREE char *entry = rp_spec_call(&point->spec, RP_CALL_ENTRY),
                      *end = rp_spec_call(&point->spec, RP_CALL_RETURN);
    if (!entry || !end)
        return is_result_of_event(point) ? NULL : no_return(p->question, point);
    RP_TRY(check_program(p->question, &point->spec));
    return reads_result(node) ? check_void(p, point) : NULL;
}

struct rp_error *rp_plan_check_end(const struct rp_query_plan *p, const struct rp_node *node) {
    const struct rp_attach_point *point = &p->points[0];
    bool elsewhere = point->is_return
                         ? node->reads_argument || node->asks_entry || reads_duration(node)
                         : wants_return(node);
    return elsewhere ? rp_cannot_answer(p->question, EINVAL, "`%.*s` is not there at %s",
                                        (int)node->length, node->text, point->text)
                     : NULL;
}

/* What returns is asked for, or the arguments where only a return is. */
struct rp_error *rp_attach_points_choose(struct rp_query_plan *p) {
    struct rp_attach_point *point = &p->points[0];
    bool ret = rp_plan_any(p, wants_return) || compares_text_of_process(p);
    if (point->is_pattern || p->stays || (!ret && !point->is_return))
        return NULL;
    RP_AUTO_FREE char *entry = rp_spec_call(&point->spec, RP_CALL_ENTRY),
                      *end = rp_spec_call(&point->spec, RP_CALL_RETURN);
    if (!entry || !end)
        return is_result_of_event(point) ? NULL : no_return(p->question, point);
    RP_TRY(check_program(p->question, &point->spec));
    if (rp_plan_any(p, reads_result))
        RP_TRY(check_void(p, point));
    p->timed = rp_plan_any(p, reads_duration);
    if (p->timed)
        return rp_attach_points_pair(p);
    if (!rp_plan_any(p, reads_argument)) {
        if (point->is_return)
            return NULL;
        direct_ends(&point->spec, &entry, &end);
        return replace_point(p, 0, rp_take(end), fallback_of(p, "on_return"));
    }
    if (point->spec.kind->result == RP_RESULT_PARAMETER && !rp_plan_any(p, asks_entry))
        return NULL;
    RP_AUTO_FREE char *whole = rp_spec_call(&point->spec, RP_CALL_WHOLE);
    if (ret && whole && !rp_plan_any(p, follows) && rp_probe_exists(whole))
        return replace_point(p, 0, rp_take(whole), fallback_of(p, "on_return"));
    return rp_attach_points_pair(p);
}

static bool is_of_entry(const struct rp_node *node) {
    return node->reads_argument && !node->reads_return && !node->asks_return;
}

static bool is_moment(const struct rp_node *node, bool entry) {
    return node->kind == RP_NODE_MOMENT && node->asks_entry == entry;
}

/* ------------------------------------------------------------------ what is kept */

const struct rp_value *rp_plan_kept(const struct rp_query_plan *p, const struct rp_node *node) {
    RP_AUTO_FREE char *key = is_moment(node, true) ? rp_tree_text(node) : NULL;
    for (size_t i = 0; key && i < p->saved.count; i++)
        if (p->saved.items[i].key && !strcmp(p->saved.items[i].key, key))
            return &p->saved.items[i];
    return NULL;
}

static struct rp_error *check_room(const struct rp_query_plan *p) {
    if (p->saved.count < RP_KEPT_MAX)
        return NULL;
    return rp_error_hint_set(rp_cannot_answer(p->question, E2BIG,
                                              "it keeps more than %d values from the entry to the "
                                              "return",
                                              RP_KEPT_MAX),
                             "ask for less");
}

static struct rp_error *keep(struct rp_query_plan *p, const struct rp_node *moment) {
    struct rp_arena *arena = &p->scope.types.arena;
    if (rp_plan_kept(p, moment))
        return NULL;
    RP_TRY(check_room(p));
    const struct rp_node *node = moment->a;
    const char *text = rp_arena_copy(arena, node->text, node->length);
    RP_AUTO_FREE char *key = rp_tree_text(moment);
    struct rp_value *value = text && key ? rp_value_add(&p->saved, text, node, NULL) : NULL;
    if (!value)
        return rp_error_nomem();
    value->key = rp_arena_copy(arena, key, strlen(key));
    rp_value_set_capacity(value);
    return value->key ? NULL : rp_error_nomem();
}

/* A tree may have a copy of its own, that is read in other cases. */
static const struct rp_variable *original(const struct rp_query_plan *p,
                                          const struct rp_variable *variable) {
    const struct rp_variable *own = rp_scope_find(&p->scope.scope, variable->name);
    return own ? own : variable;
}

static struct rp_error *keep_variable(struct rp_query_plan *p, const struct rp_variable *variable) {
    for (size_t i = 0; i < p->saved.count; i++)
        if (p->saved.items[i].variable == variable)
            return NULL;
    RP_TRY(check_room(p));
    struct rp_value *value = rp_value_add(&p->saved, variable->name, NULL, NULL);
    if (value)
        value->variable = variable;
    return value ? NULL : rp_error_nomem();
}

struct keeping {
    struct rp_query_plan *plan;
    struct rp_error *err;
};

static void keep_each(void *ctx, const struct rp_variable *variable) {
    struct keeping *keeping = ctx;
    if (variable->origin == RP_OF_PROBE && !keeping->err)
        keeping->err = keep_variable(keeping->plan, original(keeping->plan, variable));
}

struct rp_error *rp_plan_keep_arguments(struct rp_query_plan *p, const struct rp_node *node) {
    struct keeping keeping = {.plan = p};
    rp_tree_each_variable(node, keep_each, &keeping);
    return keeping.err;
}

/* ------------------------------------------------------------------ the tree of the return */

static const struct rp_node *new_node(struct rp_query_plan *p, const struct rp_node *from) {
    struct rp_node *node = rp_arena_alloc(&p->scope.types.arena, sizeof(*node));
    if (node)
        *node = *from;
    return node;
}

const struct rp_node *rp_plan_again(const struct rp_query_plan *p, const struct rp_node *node) {
    const struct rp_node *a = node->a;
    bool of_itself = !p->is_span && is_moment(node, true) && node->length == a->length;
    return of_itself && a->is_text && rp_node_reads_text_of_process(a) ? a : NULL;
}

static struct rp_error *at_entry(struct rp_query_plan *p, const struct rp_node **node) {
    struct rp_node *moment = (struct rp_node *)new_node(p, *node);
    if (!moment)
        return rp_error_nomem();
    moment->kind = RP_NODE_MOMENT;
    moment->name = "entry";
    moment->a = *node;
    moment->b = moment->c = NULL;
    moment->asks_entry = true;
    moment->has_address = false;
    moment->is_constant = false;
    *node = moment;
    RP_TRY(keep(p, moment));
    return rp_plan_again(p, moment) ? rp_plan_keep_arguments(p, moment->a) : NULL;
}

/* What can stand for itself, away from what it is in. */
static bool is_value(const struct rp_node *node) {
    return node->is_text || (node->type->kind != RP_C_ARRAY && node->type->kind != RP_C_COMPOSITE);
}

/* A copy, of whose parts `make` makes others. */
static struct rp_error *copy_with_parts(struct rp_query_plan *p, const struct rp_node **node,
                                        struct rp_error *(*make)(struct rp_query_plan *p,
                                                                 const struct rp_node **part)) {
    struct rp_node *copy = (struct rp_node *)new_node(p, *node);
    if (!copy)
        return rp_error_nomem();
    *node = copy;
    const struct rp_node **parts[] = {&copy->a, &copy->b, &copy->c};
    for (size_t i = 0; i < RP_COUNT(parts); i++)
        if (*parts[i])
            RP_TRY(make(p, parts[i]));
    return NULL;
}

static struct rp_error *at_return(struct rp_query_plan *p, const struct rp_node **node) {
    const struct rp_node *n = *node;
    if (!n->reads_argument)
        return NULL;
    if (is_moment(n, true))
        return keep(p, n);
    if (is_moment(n, false) || n->kind == RP_NODE_VARIABLE)
        return rp_plan_keep_arguments(p, n);
    if (is_of_entry(n) && n->reads_memory && is_value(n))
        return at_entry(p, node);
    return copy_with_parts(p, node, at_return);
}

/* ------------------------------------------------------------------ what the call writes */

/* The same at the return: all of it that leads to what is read. */
static struct rp_error *after_call(struct rp_query_plan *p, const struct rp_node **node) {
    const struct rp_node *n = *node;
    const char *text =
        rp_arena_text(&p->scope.types.arena, "return(%.*s)", (int)n->length, n->text);
    const struct rp_node *moment = NULL;
    if (!text)
        return rp_error_nomem();
    RP_TRY(rp_tree_parse(&p->scope.scope, text, &moment));
    struct rp_node *copy = (struct rp_node *)new_node(p, moment);
    if (!copy)
        return rp_error_nomem();
    copy->look = n->look;
    copy->alias = n->alias;
    *node = copy;
    return NULL;
}

/* Before it returns, the call has not written what is asked for: it is read behind that, unless
 * entry() says otherwise. */
static struct rp_error *results_after_call(struct rp_query_plan *p, const struct rp_node **node) {
    if (!rp_node_reads_result(*node))
        return NULL;
    switch ((*node)->kind) {
    case RP_NODE_VARIABLE:
    case RP_NODE_MEMBER:
    case RP_NODE_INDEX:
    case RP_NODE_TEXT:
    case RP_NODE_BYTES:
        return after_call(p, node);
    default:
        break;
    }
    RP_TRY(copy_with_parts(p, node, results_after_call));
    struct rp_node *copy = (struct rp_node *)*node;
    rp_node_adopt(copy, copy->a);
    rp_node_adopt(copy, copy->b);
    rp_node_adopt(copy, copy->c);
    return NULL;
}

/* The same, where the question takes the return. */
static struct rp_error *read_results(struct rp_query_plan *p, const struct rp_node **node) {
    bool at_end = p->pair ? !p->is_span : p->points[0].spec.kind->result == RP_RESULT_PARAMETER;
    return at_end ? results_after_call(p, node) : NULL;
}

struct rp_error *rp_plan_moment(struct rp_query_plan *p, const struct rp_node **node) {
    RP_TRY(read_results(p, node));
    if (!p->pair)
        return NULL;
    return is_of_entry(*node) && !is_moment(*node, true) ? at_entry(p, node) : at_return(p, node);
}

void rp_values_take_capacity(const struct rp_query_plan *p, struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *kept = rp_plan_kept(p, values->items[i].node);
        if (kept)
            values->items[i].capacity = kept->capacity;
    }
}

/* ------------------------------------------------------------------ conditions */

static struct rp_error *check(const struct rp_query_plan *p, const struct rp_node *node) {
    if (node->type->kind == RP_C_COMPOSITE) {
        RP_AUTO_FREE char *type = rp_c_type_text(node->type);
        return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                  "`%.*s` is a %s, not true or false",
                                                  (int)node->length, node->text, type ? type : ""),
                                 "compare one of its members");
    }
    if (node->kind == RP_NODE_BYTES)
        return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                  "`%.*s` is text, not true or false",
                                                  (int)node->length, node->text),
                                 "compare it: %.*s == \"TEXT\"", (int)node->length, node->text);
    return NULL;
}

static struct rp_error *add_term(struct rp_query_plan *p, const struct rp_node *node) {
    RP_TRY(check(p, node));
    RP_TRY(read_results(p, &node));
    struct rp_term term = {.node = node};
    term.at_entry = p->pair && node->reads_argument && !node->reads_return && !node->asks_return;
    term.again = term.at_entry && !p->is_span && p->terms.count < RP_KEPT_MAX &&
                 rp_node_reads_text_of_process(node) && rp_node_may_fail(node);
    if (term.again)
        RP_TRY(rp_plan_keep_arguments(p, node));
    if (!term.at_entry)
        RP_TRY(rp_plan_moment(p, &term.node));
    return rp_vec_push(&p->terms, term) ? NULL : rp_error_nomem();
}

/* || binds less than &&: what has it outside brackets is one term. */
static struct rp_error *add_terms(struct rp_query_plan *p, const struct rp_node *node) {
    if (node->kind != RP_NODE_BINARY || node->op != RP_OP_BOTH)
        return add_term(p, node);
    RP_TRY(add_terms(p, node->a));
    return add_terms(p, node->b);
}

struct rp_error *rp_plan_predicate(struct rp_query_plan *p) {
    if (p->predicate)
        RP_TRY(add_terms(p, p->predicate));
    if (!p->until)
        return NULL;
    RP_TRY(check(p, p->until));
    return rp_plan_moment(p, &p->until);
}
