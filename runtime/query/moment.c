/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each part of an expression is read. Arguments and what they lead to are read at the entry:
 * at the return that memory may be another's. What the return needs of it is kept, by the thread
 * that calls; the tree of the return has "entry(…)" there, as one can also say it.
 */
#include <errno.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

/* As many as `unread` has bits. */
#define KEPT_MAX 32

static bool is_of_entry(const struct rp_node *node) {
    return node->reads_argument && !node->reads_return && !node->asks_entry && !node->asks_return;
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
    if (p->saved.count < KEPT_MAX)
        return NULL;
    return rp_error_hint_set(rp_cannot_answer(p->question, E2BIG,
                                              "it keeps more than %d values from the entry to the "
                                              "return",
                                              KEPT_MAX),
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
        keeping->err = keep_variable(keeping->plan, variable);
}

static struct rp_error *keep_variables(struct rp_query_plan *p, const struct rp_node *node) {
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

const struct rp_node *rp_plan_again(const struct rp_node *node) {
    const struct rp_node *a = node->a;
    if (!is_moment(node, true) || node->length != a->length || !a->is_text)
        return NULL;
    bool array = a->has_address && a->type->kind == RP_C_ARRAY;
    return (array ? a->place : a->memory) == RP_MEMORY_USER ? a : NULL;
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
    return rp_plan_again(moment) ? keep_variables(p, moment->a) : NULL;
}

/* What can stand for itself, away from what it is in. */
static bool is_value(const struct rp_node *node) {
    return node->is_text || (node->type->kind != RP_C_ARRAY && node->type->kind != RP_C_COMPOSITE);
}

static struct rp_error *at_return(struct rp_query_plan *p, const struct rp_node **node);

static struct rp_error *parts_at_return(struct rp_query_plan *p, const struct rp_node **node) {
    struct rp_node *copy = (struct rp_node *)new_node(p, *node);
    if (!copy)
        return rp_error_nomem();
    *node = copy;
    const struct rp_node **parts[] = {&copy->a, &copy->b, &copy->c};
    for (size_t i = 0; i < 3; i++)
        if (*parts[i])
            RP_TRY(at_return(p, parts[i]));
    return NULL;
}

static struct rp_error *at_return(struct rp_query_plan *p, const struct rp_node **node) {
    const struct rp_node *n = *node;
    if (!n->reads_argument)
        return NULL;
    if (is_moment(n, true))
        return keep(p, n);
    if (is_moment(n, false) || n->kind == RP_NODE_VARIABLE)
        return keep_variables(p, n);
    if (is_of_entry(n) && n->reads_memory && is_value(n))
        return at_entry(p, node);
    return parts_at_return(p, node);
}

struct rp_error *rp_plan_moment(struct rp_query_plan *p, const struct rp_node **node) {
    if (!p->pair)
        return NULL;
    return is_of_entry(*node) ? at_entry(p, node) : at_return(p, node);
}

void rp_values_take_capacity(const struct rp_query_plan *p, struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *kept = rp_plan_kept(p, values->items[i].node);
        if (kept)
            values->items[i].capacity = kept->capacity;
    }
}
