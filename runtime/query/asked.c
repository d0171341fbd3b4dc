/* SPDX-License-Identifier: Apache-2.0 */
/* A question's expressions as trees, and what all of them together read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ what they can name */

/* The arguments of a call are those of its entry, wherever the question has it. */
static struct rp_error *open_scope(struct rp_query_plan *p) {
    const struct rp_attach_point *point = &p->points[0];
    struct rp_scope_source source = {.spec = &point->spec,
                                     .arguments = point->arguments,
                                     .memory = point->memory,
                                     .task = point->task,
                                     .owner = point->is_pattern ? point->text : NULL,
                                     .is_one_of_several = p->point_count > 1 || point->is_pattern};
    const struct rp_probe_kind *kind = point->spec.kind;
    bool elsewhere =
        point->is_return && kind->call && kind->result != RP_RESULT_PARAMETER && !p->by_match;
    RP_AUTO_FREE char *spec = elsewhere ? kind->call(&point->spec, RP_CALL_ENTRY) : NULL;
    if (!spec)
        return rp_question_scope_begin(&p->scope, &source);
    struct rp_attach_point entry = {0};
    struct rp_error *err = rp_attach_point_open(spec, "on_entry", &entry);
    struct rp_scope_source whole = {.spec = &entry.spec,
                                    .arguments = entry.arguments,
                                    .memory = entry.memory,
                                    .at_return = true};
    if (!err && kind->result == RP_RESULT_ARGUMENT)
        err = rp_question_scope_add(&p->scope, &source);
    err = err ? err : rp_question_scope_begin(&p->scope, &whole);
    rp_attach_point_clear(&entry);
    return err;
}

static struct rp_error *add_others(struct rp_query_plan *p) {
    for (size_t i = 1; i < p->point_count; i++)
        RP_TRY(rp_question_scope_add(&p->scope,
                                     &(struct rp_scope_source){.spec = &p->points[i].spec,
                                                               .arguments = p->points[i].arguments,
                                                               .is_one_of_several = true}));
    return NULL;
}

/* ------------------------------------------------------------------ trees */

struct rp_error *rp_plan_tree(struct rp_query_plan *p, const char *text,
                              const struct rp_node **out) {
    const char *own = rp_arena_copy(&p->scope.types.arena, text, strlen(text));
    return own ? rp_tree_parse(&p->scope.scope, own, out) : rp_error_nomem();
}

static struct rp_error *read_all(struct rp_query_plan *p, char **texts, size_t count,
                                 const struct rp_node ***out) {
    *out = rp_arena_alloc(&p->scope.types.arena, (count + 1) * sizeof(const void *));
    if (!*out)
        return rp_error_nomem();
    for (size_t i = 0; i < count; i++)
        RP_TRY(rp_plan_tree(p, texts[i], &(*out)[i]));
    return NULL;
}

static struct rp_error *read_question(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    RP_TRY(read_all(p, q->exprs, q->expr_count, &p->exprs));
    RP_TRY(read_all(p, q->keys, q->key_count, &p->by));
    return q->predicate ? rp_plan_tree(p, q->predicate, &p->predicate) : NULL;
}

struct rp_error *rp_plan_trees(struct rp_query_plan *p) {
    RP_TRY(add_others(p));
    RP_TRY(open_scope(p));
    struct rp_error *err = read_question(p);
    if (!err || rp_error_errno(err) == ENOMEM)
        return err;
    RP_AUTO_FREE char *line = rp_question_line(p->question);
    return rp_error_what_set(err, "cannot answer `%s`", line ? line : "");
}

static bool is_text_of_process(const struct rp_node *node) {
    bool array = node->has_address && node->type->kind == RP_C_ARRAY;
    return node->is_text && node->kind != RP_NODE_STRING &&
           (array ? node->place : node->memory) == RP_MEMORY_USER;
}

bool rp_node_reads_text_of_process(const struct rp_node *node) {
    return node &&
           (is_text_of_process(node) || rp_node_reads_text_of_process(node->a) ||
            rp_node_reads_text_of_process(node->b) || rp_node_reads_text_of_process(node->c));
}

bool rp_plan_any(const struct rp_query_plan *p, bool (*test)(const struct rp_node *node)) {
    for (size_t i = 0; i < p->question->expr_count; i++)
        if (test(p->exprs[i]))
            return true;
    for (size_t i = 0; i < p->question->key_count; i++)
        if (test(p->by[i]))
            return true;
    return p->predicate && test(p->predicate);
}
