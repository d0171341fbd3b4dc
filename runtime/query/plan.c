/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: columns, keys, a number, conditions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* As many as an 80 column terminal has room for. */
#define COLUMNS_MAX 10

void rp_query_plan_clear(struct rp_query_plan *program) {
    for (size_t i = 0; i < program->point_count; i++)
        rp_attach_point_clear(&program->points[i]);
    free(program->points);
    rp_vec_clear(&program->columns);
    rp_vec_clear(&program->keys);
    rp_vec_clear(&program->saved);
    rp_vec_clear(&program->terms);
    rp_question_scope_clear(&program->scope);
    rp_question_scope_clear(&program->start);
    free(program->note);
    *program = (struct rp_query_plan){0};
}

/* ------------------------------------------------------------------ columns */

/* That a record begins with, or NULL. */
static const char *const *own_members(const struct rp_query_plan *p) {
    static const char *const members[] = {"pid", "comm", NULL};
    const char *task = p->points[0].task;
    return task && !*task ? NULL : members;
}

static bool is_full(const struct rp_query_plan *p) {
    return p->columns.count >= COLUMNS_MAX;
}

static struct rp_error *add_value(struct rp_query_plan *p, const char *text,
                                  const struct rp_node *node) {
    return rp_value_add(&p->columns, text, node, own_members(p)) ? NULL : rp_error_nomem();
}

struct expansion {
    struct rp_query_plan *program;
    const struct rp_node *of;
    struct rp_error *err;
    bool any;
};

/* Not every kernel has every member. */
static bool add_default_field(void *ctx, const char *path) {
    struct expansion *e = ctx;
    struct rp_query_plan *p = e->program;
    bool plain = e->of->kind == RP_NODE_VARIABLE || e->of->kind == RP_NODE_MEMBER;
    const char *text =
        rp_arena_text(&p->scope.types.arena, plain ? "%.*s%s%s" : "(%.*s)%s%s", (int)e->of->length,
                      e->of->text, e->of->type->kind == RP_C_POINTER ? "->" : ".", path);
    const struct rp_node *node = NULL;
    if (is_full(p))
        return false;
    struct rp_error *err = text ? rp_plan_tree(p, text, &node) : rp_error_nomem();
    if (!err)
        err = e->err = add_value(p, text, node);
    else
        rp_error_free(err);
    e->any |= !err;
    return !e->err;
}

/* What each record begins with: the same value is shown once. From A to B there are two tasks. */
static bool is_shown(const struct rp_query_plan *p, const struct rp_node *node) {
    const char *const *own = own_members(p);
    if (node->alias || node->look || p->is_span)
        return false;
    for (size_t i = 0; own && own[i]; i++)
        if (rp_node_is_builtin(node, own[i]))
            return true;
    return false;
}

/* The expression, or of a struct of the kernel's its default fields. */
static struct rp_error *add_column(struct rp_query_plan *p, const char *text,
                                   const struct rp_node *node) {
    if (is_shown(p, node))
        return NULL;
    struct expansion e = {.program = p, .of = node};
    bool pointer = node->type->kind == RP_C_POINTER && node->memory != RP_MEMORY_USER;
    if (pointer || (node->type->kind == RP_C_COMPOSITE && node->place != RP_MEMORY_USER))
        rp_default_fields(&p->scope.types, node->type, add_default_field, &e);
    return e.err || e.any ? e.err : add_value(p, text, node);
}

static bool is_scalar_array(const struct rp_node *node) {
    return node->type->kind == RP_C_ARRAY && !node->is_text;
}

static struct rp_error *add_all_arguments(struct rp_query_plan *p) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    size_t i;
    for (i = 0; i < point->arguments->readable && !is_full(p); i++) {
        const char *name = point->arguments->list[i].name;
        const struct rp_node *node;
        RP_TRY(rp_plan_tree(p, name, &node));
        if (!is_scalar_array(node))
            RP_TRY(add_column(p, name, node));
    }
    if (i == point->arguments->count || !point->arguments->known)
        return NULL;
    const char *why = is_full(p) ? "a row has no room for more" : "no register has them";
    if (asprintf(&p->note, "%zu of the %zu arguments are shown: %s", i, point->arguments->count,
                 why) < 0)
        return rp_error_nomem();
    return NULL;
}

static struct rp_error *choose_columns(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    const struct rp_attach_point *point = &p->points[0];
    if (!q->expr_count && point->is_return && point->spec.kind->result != RP_RESULT_ARGUMENT) {
        if (!point->arguments->result)
            return NULL;
        const struct rp_node *node;
        RP_TRY(rp_plan_tree(p, "ret", &node));
        return add_value(p, "ret", node);
    }
    if (!q->expr_count)
        return point->arguments->known ? add_all_arguments(p) : NULL;
    for (size_t i = 0; i < q->expr_count; i++)
        RP_TRY(add_column(p, q->exprs[i], p->exprs[i]));
    return NULL;
}

/* ------------------------------------------------------------------ keys */

static const char *const stack_members[] = {"pid", "comm", NULL};

static bool is_stack_verb(const struct rp_question *q) {
    return q->verb == RP_VERB_STACK || q->verb == RP_VERB_PROFILE;
}

static struct rp_error *check_key(const struct rp_query_plan *p, const struct rp_value *key) {
    if (key->node->type->kind != RP_C_COMPOSITE && !is_scalar_array(key->node))
        return NULL;
    RP_AUTO_FREE char *type = rp_c_type_text(key->node->type);
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL,
                         "`%s` is a %s: a key is a number, a pointer or a text", key->text,
                         type ? type : ""),
        "use a member of it");
}

bool rp_node_is_stack(const struct rp_node *node) {
    return rp_node_is_builtin(node, "stack") || rp_node_is_builtin(node, "kstack") ||
           rp_node_is_builtin(node, "ustack");
}

bool rp_plan_is_user_stack(const struct rp_query_plan *p, const struct rp_node *node) {
    return rp_node_is_builtin(node, "ustack") ||
           (rp_node_is_builtin(node, "stack") && rp_plan_has_user_stack(p));
}

static bool has_user_stack(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (rp_plan_is_user_stack(p, p->keys.items[i].node))
            return true;
    return false;
}

static bool has_key(const struct rp_query_plan *p, const char *name) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (rp_node_is_builtin(p->keys.items[i].node, name))
            return true;
    return false;
}

/* Functions of a process have names only if it is known which process it is. */
static struct rp_error *add_pid_of_stack(struct rp_query_plan *p) {
    const struct rp_node *node;
    if (is_stack_verb(p->question) || !has_user_stack(p) || has_key(p, "pid"))
        return NULL;
    /* Not `pid`, which may be an argument of the probe's. */
    RP_TRY(rp_plan_tree(p, "(u32)(bpf_get_current_pid_tgid() >> 32)", &node));
    struct rp_value *process = rp_value_add(&p->keys, "pid", node, NULL);
    if (process)
        process->is_process = true;
    return process ? NULL : rp_error_nomem();
}

static struct rp_error *add_keys(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->key_count; i++) {
        /* They have their place in a stack's key. */
        if (is_stack_verb(q) && (!strcmp(q->keys[i], "pid") || !strcmp(q->keys[i], "comm") ||
                                 !strcmp(q->keys[i], "stack")))
            continue;
        struct rp_value *key =
            rp_value_add(&p->keys, q->keys[i], p->by[i], is_stack_verb(q) ? stack_members : NULL);
        if (!key)
            return rp_error_nomem();
        RP_TRY(check_key(p, key));
        rp_value_set_capacity(key);
        RP_TRY(rp_plan_moment(p, &key->node));
    }
    return add_pid_of_stack(p);
}

/* ------------------------------------------------------------------ the verbs' own */

static struct rp_error *plan_columns(struct rp_query_plan *p) {
    RP_TRY(choose_columns(p));
    for (size_t i = 0; i < p->columns.count; i++) {
        struct rp_value *value = &p->columns.items[i];
        RP_AUTO_FREE char *type = rp_c_type_text(value->node->type);
        if (value->node->type->kind == RP_C_COMPOSITE)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "`%s` is a %s, which has no default fields",
                                                      value->text, type ? type : ""),
                                     "ask for members of it");
        rp_value_set_capacity(value);
        RP_TRY(rp_plan_moment(p, &value->node));
    }
    return NULL;
}

/* "EXPR in us": a histogram is of whole ones. */
static struct rp_error *divide(struct rp_query_plan *p, const struct rp_node **node) {
    static const char in[] = "in:";
    const char *look = (*node)->look;
    if (p->question->verb != RP_VERB_HIST || !look || strncmp(look, in, strlen(in)) != 0)
        return NULL;
    const char *unit = look + strlen(in);
    const char *text = rp_arena_text(&p->scope.types.arena, "(%.*s) / 1%s", (int)(*node)->length,
                                     (*node)->text, unit);
    return text ? rp_plan_tree(p, text, node) : rp_error_nomem();
}

/* What a histogram says of its numbers. */
static const char *number_text(struct rp_query_plan *p, const struct rp_node *node,
                               const char *text) {
    if (node->alias)
        return node->alias;
    const char *look = rp_plan_look(p, node);
    return look && !strcmp(look, "duration") ? rp_arena_text(&p->scope.types.arena, "%s (ns)", text)
                                             : text;
}

static struct rp_error *plan_number(struct rp_query_plan *p) {
    const struct rp_node *node = p->exprs[0];
    p->number =
        (struct rp_value){.text = number_text(p, node, p->question->exprs[0]), .node = node};
    if (!p->number.text)
        return rp_error_nomem();
    if (rp_c_is_integer(node->type)) {
        RP_TRY(divide(p, &p->number.node));
        return rp_plan_moment(p, &p->number.node);
    }
    RP_AUTO_FREE char *type = rp_c_type_text(node->type);
    struct rp_error *err =
        rp_cannot_answer(p->question, EINVAL, "`%s` is %s (%s): %s is of a number", p->number.text,
                         node->is_text ? "text" : "not a number", type ? type : "",
                         p->question->verb == RP_VERB_HIST ? "a histogram" : "a sum");
    return rp_error_hint_set(err,
                             node->is_text ? "count by it: count %s by %s"
                                           : "use a member of it that is a number: %s's %s->MEMBER",
                             p->question->probes[0], p->number.text);
}

static const struct {
    enum rp_verb verb;
    const char *map;
    unsigned figures;
} verbs[] = {{RP_VERB_SUM, "sums", RP_FIGURE_SUM},
             {RP_VERB_AVG, "averages", RP_FIGURE_AVG},
             {RP_VERB_MIN, "minima", RP_FIGURE_MIN},
             {RP_VERB_MAX, "maxima", RP_FIGURE_MAX},
             {RP_VERB_STATS, "figures",
              RP_FIGURE_COUNT | RP_FIGURE_SUM | RP_FIGURE_AVG | RP_FIGURE_MIN | RP_FIGURE_MAX}};

unsigned rp_plan_figures(const struct rp_query_plan *p, const char **map) {
    for (size_t i = 0; i < RP_COUNT(verbs); i++)
        if (verbs[i].verb == p->question->verb) {
            if (map)
                *map = verbs[i].map;
            return verbs[i].figures;
        }
    return 0;
}

/* "count openat comm": what is asked by comes behind `by`. */
static struct rp_error *not_a_probe(const struct rp_query_plan *p, const char *word,
                                    struct rp_error *err) {
    if (!rp_builtin_find(word) && !rp_argument_find(p->points[0].arguments, word))
        return err;
    return rp_error_hint_set(err, "to count by it: count %s by %s", p->question->probes[0], word);
}

static struct rp_error *plan_points(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (!q->probe_count)
        return rp_cannot_answer(q, EINVAL, "it does not say where");
    p->points = calloc(q->probe_count + 1, sizeof(*p->points)); /* a pair has one more */
    if (!p->points)
        return rp_error_nomem();
    for (size_t i = 0; i < q->probe_count; i++) {
        RP_AUTO_FREE char *spec = NULL, *note = NULL;
        char fallback[40] = "on_event";
        struct rp_error *err = rp_question_spec(q->probes[i], &spec, &note);
        if (err)
            return i ? not_a_probe(p, q->probes[i], err) : err;
        if (rp_span_middle(spec)) {
            if (q->probe_count > 1)
                return rp_cannot_answer(q, EINVAL, "%s cannot be one of several probes", spec);
            p->note = rp_take(note);
            return rp_attach_points_span(p, spec);
        }
        if (i)
            snprintf(fallback, sizeof(fallback), "on_event_%zu", i + 1);
        p->point_count = i + 1;
        RP_TRY(rp_attach_point_open(spec, fallback, &p->points[i]));
        if (note && !p->note)
            p->note = rp_take(note);
    }
    return NULL;
}

/* Several places have nothing in common but the task that comes by. */
static struct rp_error *check_several(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (p->is_span)
        return NULL;
    p->by_match = q->verb == RP_VERB_COUNT && (p->point_count > 1 || p->points[0].is_pattern);
    if (!p->by_match && !p->points[0].is_pattern)
        return NULL;
    if (q->verb != RP_VERB_COUNT && q->verb != RP_VERB_STACK)
        return rp_error_hint_set(
            rp_cannot_answer(q, EINVAL, "%s is a pattern, and only count and stack take patterns",
                             p->points[0].text),
            "count %s says which of them are used", p->points[0].text);
    return NULL;
}

struct search {
    const char *name;
    bool found;
};

static void look_for(void *ctx, const struct rp_variable *variable) {
    struct search *search = ctx;
    search->found |= variable->origin == RP_OF_PROBE && !strcmp(variable->name, search->name);
}

/* As everywhere in C, the nearest declaration counts; but it may not be what was meant. */
static bool hides(const struct rp_query_plan *p, const struct rp_builtin *builtin) {
    const struct rp_question *q = p->question;
    struct search search = {.name = builtin->name};
    for (size_t i = 0; i < q->expr_count; i++)
        rp_tree_each_variable(p->exprs[i], look_for, &search);
    for (size_t i = 0; i < q->key_count; i++)
        rp_tree_each_variable(p->by[i], look_for, &search);
    if (p->predicate)
        rp_tree_each_variable(p->predicate, look_for, &search);
    return search.found;
}

static struct rp_error *note_hidden(struct rp_query_plan *p) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    for (const struct rp_builtin *b = rp_builtins; b->name && !p->note; b++)
        if (hides(p, b) && asprintf(&p->note, "`%s` is the %s of %s, not %s that is there", b->name,
                                    rp_spec_noun(&point->spec), point->spec.target, b->what) < 0)
            return rp_error_nomem();
    return NULL;
}

/* Iterators are told of what is there, not of what somebody does. */
static struct rp_error *check_stacks(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->point_count && is_stack_verb(p->question); i++)
        if (p->points[i].spec.kind && p->points[i].spec.kind->open)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "%s is an iterator, and no code leads to it",
                                                      p->points[i].text),
                                     "trace, count, hist, sum and their like take it");
    return NULL;
}

struct rp_error *rp_query_plan(const struct rp_question *question, struct rp_query_plan *p) {
    p->question = question;
    RP_TRY(plan_points(p));
    RP_TRY(check_stacks(p));
    RP_TRY(check_several(p));
    RP_TRY(rp_plan_trees(p));
    if (question->verb == RP_VERB_LATENCY && !p->is_span) {
        p->map = "start";
        p->timed = true;
        RP_TRY(rp_attach_points_pair(p));
    }
    if (!p->pair && !p->by_match)
        RP_TRY(rp_attach_points_choose(p));
    if (question->verb == RP_VERB_TRACE)
        RP_TRY(plan_columns(p));
    if (question->verb == RP_VERB_HIST || rp_plan_figures(p, NULL))
        RP_TRY(plan_number(p));
    RP_TRY(add_keys(p));
    RP_TRY(rp_plan_predicate(p));
    if (p->match[0] && question->ask_target && !p->note) {
        p->note = strdup("what is matched is seen of every process, not of the target only");
        if (!p->note)
            return rp_error_nomem();
    }
    RP_TRY(note_hidden(p));
    rp_values_fit(&p->saved);
    rp_values_take_capacity(p, &p->columns);
    rp_values_take_capacity(p, &p->keys);
    rp_values_fit(&p->keys);
    if (p->points[0].spec.kind->write_row)
        rp_values_fit(&p->columns);
    return NULL;
}
