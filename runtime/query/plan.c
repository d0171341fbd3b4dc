/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: columns, keys, a number, conditions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

/* As many as an 80 column terminal has room for. */
#define COLUMNS_MAX 10

void rp_query_plan_clear(struct rp_query_plan *program) {
    for (size_t i = 0; i < program->point_count; i++)
        rp_attach_point_clear(&program->points[i]);
    free(program->points);
    rp_values_clear(&program->columns);
    rp_values_clear(&program->keys);
    rp_values_clear(&program->saved);
    free(program->number.text);
    for (size_t i = 0; i < program->terms.count; i++) {
        struct rp_term *term = &program->terms.items[i];
        for (size_t c = 0; c < term->operands.count; c++)
            free(term->operands.items[c].text);
        rp_vec_clear(&term->operands);
        free(term->text);
        free(term->code);
    }
    rp_vec_clear(&program->terms);
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

struct expansion {
    struct rp_query_plan *program;
    const char *base;
    bool pointer, nomem, any;
};

static bool is_full(const struct rp_query_plan *p) {
    return p->columns.count >= COLUMNS_MAX;
}

static bool add_default_field(void *ctx, const char *path) {
    struct expansion *e = ctx;
    RP_AUTO_FREE char *text = NULL;
    if (is_full(e->program))
        return false;
    if (asprintf(&text, "%s%s%s", e->base, e->pointer ? "->" : ".", path) < 0)
        text = NULL;
    e->nomem = !text || !rp_value_add(&e->program->columns, text, own_members(e->program));
    e->any = true;
    return !e->nomem;
}

/* The expression, or of a struct its default fields. */
static struct rp_error *add_column(struct rp_query_plan *p, const char *text,
                                   const struct rp_expression *is) {
    struct expansion e = {.program = p, .base = text, .pointer = is->shape == RP_SHAPE_POINTER};
    bool kernel =
        rp_plan_entry(p)->memory == RP_MEMORY_KERNEL || !rp_reads_argument(text, rp_plan_names(p));
    RP_AUTO_FREE char *wrapped = NULL;
    if (!rp_is_simple(text)) {
        if (asprintf(&wrapped, "(%s)", text) < 0)
            return rp_error_nomem();
        e.base = wrapped;
    }
    if (kernel && (e.pointer || is->shape == RP_SHAPE_STRUCT) && !is->is_array)
        rp_default_fields(is->type, add_default_field, &e);
    if (e.nomem || (!e.any && !rp_value_add(&p->columns, text, own_members(p))))
        return rp_error_nomem();
    return NULL;
}

static bool is_scalar_array(const struct rp_expression *is) {
    return is->is_array && is->shape != RP_SHAPE_TEXT;
}

static struct rp_error *add_all_arguments(struct rp_query_plan *p) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    size_t i;
    for (i = 0; i < point->arguments->readable && !is_full(p); i++) {
        const struct rp_argument *argument = &point->arguments->list[i];
        struct rp_expression is = {.text = argument->name};
        if (!rp_path_type(point->arguments, &is))
            RP_TRY(rp_plan_types(p, &(struct rp_expression *){&is}, 1));
        if (is_scalar_array(&is))
            continue;
        RP_TRY(add_column(p, argument->name, &is));
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
        return rp_value_add(&p->columns, "ret", own_members(p)) ? NULL : rp_error_nomem();
    }
    if (!q->expr_count)
        return point->arguments->known ? add_all_arguments(p) : NULL;
    for (size_t i = 0; i < q->expr_count; i++) {
        struct rp_expression is = {.text = q->exprs[i]};
        RP_TRY(rp_plan_types(p, &(struct rp_expression *){&is}, 1));
        RP_TRY(add_column(p, q->exprs[i], &is));
    }
    return NULL;
}

/* ------------------------------------------------------------------ keys */

static const char *const stack_members[] = {"pid", "comm", NULL};

static bool is_stack_verb(const struct rp_question *q) {
    return q->verb == RP_VERB_STACK || q->verb == RP_VERB_PROFILE;
}

static struct rp_error *check_key(const struct rp_query_plan *p, const struct rp_value *key) {
    if (key->is.shape != RP_SHAPE_STRUCT && !is_scalar_array(&key->is))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL,
                         "`%s` is a %s: a key is a number, a pointer or a text", key->text,
                         key->is.type),
        "use a member of it");
}

static struct rp_error *add_keys(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->key_count; i++) {
        /* They have their place in a stack's key. */
        if (is_stack_verb(q) && (!strcmp(q->keys[i], "pid") || !strcmp(q->keys[i], "comm") ||
                                 !strcmp(q->keys[i], "stack")))
            continue;
        struct rp_value *key =
            rp_value_add(&p->keys, q->keys[i], is_stack_verb(q) ? stack_members : NULL);
        if (!key)
            return rp_error_nomem();
        RP_TRY(rp_plan_types(p, &(struct rp_expression *){&key->is}, 1));
        RP_TRY(check_key(p, key));
        rp_value_set_capacity(key);
        RP_TRY(rp_value_choose_moment(p, key));
    }
    return NULL;
}

/* ------------------------------------------------------------------ the verbs' own */

static struct rp_error *plan_columns(struct rp_query_plan *p) {
    RP_TRY(choose_columns(p));
    for (size_t i = 0; i < p->columns.count; i++) {
        struct rp_value *value = &p->columns.items[i];
        RP_TRY(rp_plan_types(p, &(struct rp_expression *){&value->is}, 1));
        if (value->is.shape == RP_SHAPE_STRUCT)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "`%s` is a %s, which has no default fields",
                                                      value->text, value->is.type),
                                     "ask for members of it");
        rp_value_set_capacity(value);
        RP_TRY(rp_value_choose_moment(p, value));
    }
    return NULL;
}

static struct rp_error *plan_number(struct rp_query_plan *p) {
    struct rp_value *number = &p->number;
    number->text = strdup(p->question->exprs[0]);
    if (!number->text)
        return rp_error_nomem();
    number->is.text = number->text;
    snprintf(number->member, sizeof(number->member), "value");
    RP_TRY(rp_plan_types(p, &(struct rp_expression *){&number->is}, 1));
    if (number->is.shape == RP_SHAPE_INT)
        return rp_value_choose_moment(p, number);
    struct rp_error *err = rp_cannot_answer(
        p->question, EINVAL, "`%s` is %s (%s): a histogram is of a number", number->text,
        number->is.shape == RP_SHAPE_TEXT ? "text" : "no number", number->is.type);
    return rp_error_hint_set(err,
                             number->is.shape == RP_SHAPE_TEXT
                                 ? "count by it: count %s by %s"
                                 : "use a member of it that is a number: %s's %s->MEMBER",
                             p->question->probes[0], number->text);
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
        RP_TRY(rp_question_spec(q->probes[i], &spec, &note));
        if (i)
            snprintf(fallback, sizeof(fallback), "on_event_%zu", i + 1);
        p->point_count = i + 1;
        RP_TRY(rp_attach_point_open(spec, fallback, &p->points[i]));
        if (note && !p->note)
            p->note = rp_take(note);
    }
    return NULL;
}

static bool reads_own(void *ctx, const char *expression) {
    const struct rp_query_plan *p = ctx;
    bool own = rp_reads(expression, "ret");
    for (size_t i = 0; i < p->point_count; i++)
        own |= rp_reads_argument(expression, p->points[i].arguments);
    return own;
}

/* Several places have nothing in common but the task that comes by. */
static struct rp_error *check_several(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    p->by_match = q->verb == RP_VERB_COUNT && (p->point_count > 1 || p->points[0].is_pattern);
    if (!p->by_match && !p->points[0].is_pattern)
        return NULL;
    if (q->verb != RP_VERB_COUNT && q->verb != RP_VERB_STACK)
        return rp_error_hint_set(
            rp_cannot_answer(q, EINVAL, "%s is a pattern, and only count and stack take patterns",
                             p->points[0].text),
            "count %s says which of them are used", p->points[0].text);
    if (!rp_question_any(q, reads_own, p))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(q, EINVAL,
                         "it reads arguments, which differ from one attach point to another"),
        "pid, tid, uid, comm, cpu, nsecs, cgroup and stack are the same everywhere");
}

static bool reads_name(void *ctx, const char *expression) {
    return rp_reads(expression, ctx);
}

/* As everywhere in C, the nearest declaration counts; but it may not be what was meant. */
static struct rp_error *note_hidden(struct rp_query_plan *p) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    for (const struct rp_builtin *b = rp_builtins; b->name && !p->note; b++) {
        if (!strcmp(b->name, "ret") || !rp_argument_find(point->arguments, b->name) ||
            !rp_question_any(p->question, reads_name, (void *)b->name))
            continue;
        if (asprintf(&p->note, "`%s` is the %s of %s, not %s that is there", b->name,
                     rp_spec_noun(&point->spec), point->spec.target, b->what) < 0)
            return rp_error_nomem();
    }
    return NULL;
}

/* Iterators are told of what is there, not of what somebody does. */
static struct rp_error *check_stacks(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->point_count && is_stack_verb(p->question); i++)
        if (p->points[i].spec.kind->open)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "%s is an iterator, and no code leads to it",
                                                      p->points[i].text),
                                     "trace, count and hist take it");
    return NULL;
}

struct rp_error *rp_query_plan(const struct rp_question *question, struct rp_query_plan *p) {
    p->question = question;
    RP_TRY(plan_points(p));
    RP_TRY(check_stacks(p));
    RP_TRY(check_several(p));
    if (question->verb == RP_VERB_LATENCY) {
        p->map = "start";
        p->timed = true;
        RP_TRY(rp_attach_points_pair(p));
    }
    if (!p->pair && !p->by_match)
        RP_TRY(rp_attach_points_choose(p));
    if (question->verb == RP_VERB_TRACE)
        RP_TRY(plan_columns(p));
    if (question->verb == RP_VERB_HIST)
        RP_TRY(plan_number(p));
    RP_TRY(add_keys(p));
    RP_TRY(rp_plan_predicate(p));
    RP_TRY(note_hidden(p));
    for (size_t i = 0; i < p->saved.count; i++)
        if (!p->saved.items[i].argument)
            rp_value_set_capacity(&p->saved.items[i]);
    rp_values_fit(&p->saved);
    rp_values_take_capacity(p, &p->columns);
    rp_values_take_capacity(p, &p->keys);
    rp_values_fit(&p->keys);
    if (p->points[0].spec.kind->write_row)
        rp_values_fit(&p->columns);
    return NULL;
}
