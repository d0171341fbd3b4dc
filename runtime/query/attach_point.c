/* SPDX-License-Identifier: Apache-2.0 */
/* The places where a program's functions run: one, or where a call begins and ends. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ attach points */

void rp_attach_point_clear(struct rp_attach_point *point) {
    rp_spec_clear(&point->spec);
    free(point->text);
    rp_arguments_free(point->arguments);
    *point = (struct rp_attach_point){0};
}

static bool is_pattern(const char *text) {
    return text[strcspn(text, "*?[")];
}

/* A function's name that says by itself where it belongs, or one of our own. */
static void name_function(struct rp_attach_point *point, const char *fallback) {
    RP_AUTO_FREE char *name = point->is_pattern ? NULL : rp_spec_function_name(&point->spec);
    point->names_itself = name && rp_is_c_name(name) && strlen(name) < sizeof(point->function);
    snprintf(point->function, sizeof(point->function), "%.63s",
             point->names_itself ? name : fallback);
}

struct rp_error *rp_attach_point_open(const char *text, const char *fallback,
                                      struct rp_attach_point *point) {
    point->is_pattern = is_pattern(text);
    if (point->is_pattern) {
        point->text = strdup(text);
        size_t length = strcspn(text, ":");
        point->spec.kind = rp_probe_kind_find(text, length);
        point->arguments = calloc(1, sizeof(*point->arguments));
        if (!point->text || !point->arguments)
            return rp_error_nomem();
        if (!point->spec.kind)
            return rp_probe_check(text);
    } else {
        RP_TRY(rp_spec_parse(text, &point->spec));
        if (point->spec.kind->use_own_name)
            point->spec.kind->use_own_name(&point->spec);
        RP_TRY(rp_arguments_of_spec(&point->spec, &point->arguments));
        point->text = rp_spec_text(&point->spec);
        if (!point->text)
            return rp_error_nomem();
    }
    if (point->spec.kind->memory)
        point->memory = point->spec.kind->memory(&point->spec, point->arguments);
    if (point->spec.kind->task)
        point->task = point->spec.kind->task(point->arguments);
    point->is_return = rp_spec_is_return(&point->spec);
    name_function(point, fallback);
    return NULL;
}

const struct rp_attach_point *rp_plan_entry(const struct rp_query_plan *program) {
    return &program->points[0];
}

/* ------------------------------------------------------------------ which of them */

/* The spec of that part of the call that `spec` is a part of; NULL where there is none. */
static char *call_of(const struct rp_spec *spec, enum rp_call_part part) {
    return spec->kind->call ? spec->kind->call(spec, part) : NULL;
}

bool rp_question_any(const struct rp_question *q, bool (*test)(void *ctx, const char *expression),
                     void *ctx) {
    for (size_t i = 0; i < q->expr_count; i++)
        if (test(ctx, q->exprs[i]))
            return true;
    for (size_t i = 0; i < q->key_count; i++)
        if (test(ctx, q->keys[i]))
            return true;
    return q->predicate && test(ctx, q->predicate);
}

static bool reads_it(void *ctx, const char *expression) {
    return rp_reads(expression, ctx);
}

static bool question_reads(const struct rp_question *q, const char *name) {
    return rp_question_any(q, reads_it, (void *)name);
}

bool rp_reads_argument(const char *expression, const struct rp_arguments *arguments) {
    for (size_t i = 0; i < arguments->count; i++)
        if (rp_reads(expression, arguments->list[i].name))
            return true;
    return false;
}

static bool reads_argument(void *ctx, const char *expression) {
    return rp_reads_argument(expression, ctx);
}

/* Whether it takes the entry to read it: at a return `pid` is the process, whatever argument the
 * function has of that name. */
static bool reads_any(void *ctx, const char *expression) {
    const struct rp_arguments *arguments = ctx;
    for (size_t i = 0; i < arguments->count; i++)
        if (rp_reads(expression, arguments->list[i].name) &&
            !rp_builtin_find(arguments->list[i].name))
            return true;
    return false;
}

static bool follows(void *ctx, const char *expression) {
    (void)ctx;
    return strpbrk(expression, "*[\"") || strstr(expression, "->");
}

/* Whether all that it reads of arguments are their own values: they are the same at the return.
 * What they point to may be gone by then. */
static bool follows_nothing(const struct rp_question *q, const struct rp_arguments *arguments) {
    for (size_t i = 0; i < arguments->count; i++)
        if (strpbrk(arguments->list[i].type, "*[") && question_reads(q, arguments->list[i].name))
            return false;
    return !rp_question_any(q, follows, NULL);
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

static struct rp_error *replace_point(struct rp_query_plan *p, size_t i, char *spec,
                                      const char *fallback) {
    RP_AUTO_FREE char *own = spec;
    if (!own)
        return rp_error_nomem();
    rp_attach_point_clear(&p->points[i]);
    return rp_attach_point_open(own, fallback, &p->points[i]);
}

/* Two functions: one keeps what is known at the entry for the other. */
struct rp_error *rp_attach_points_pair(struct rp_query_plan *p) {
    const struct rp_spec *spec = &p->points[0].spec;
    RP_AUTO_FREE char *entry = call_of(spec, RP_CALL_ENTRY), *end = call_of(spec, RP_CALL_RETURN);
    if (!entry || !end)
        return no_return(p->question, &p->points[0]);
    p->point_count = 2;
    p->pair = true;
    p->map = p->map ? p->map : "entered";
    RP_TRY(replace_point(p, 0, rp_take(entry), "on_entry"));
    RP_TRY(rp_attach_point_open(end, "on_return", &p->points[1]));
    /* A syscall's result is a field of the tracepoint where it ends. */
    struct rp_arguments *arguments = p->points[0].arguments;
    if (!arguments->result && p->points[1].spec.kind->result == RP_RESULT_ARGUMENT)
        arguments->result = strdup("long");
    return NULL;
}

static bool has_own(const struct rp_attach_point *point, const char *name) {
    return rp_argument_find(point->arguments, name);
}

static struct rp_error *check_void(const struct rp_query_plan *p,
                                   const struct rp_attach_point *point) {
    if (point->arguments->result || !point->spec.kind->of_functions || point->spec.offset)
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL, "%s returns nothing: it is void", point->spec.target),
        "leave `ret` out: the place %s can still be traced", point->text);
}

/* `ret` is asked for, or the arguments where only a return is. */
struct rp_error *rp_attach_points_choose(struct rp_query_plan *p) {
    struct rp_attach_point *point = &p->points[0];
    const struct rp_question *q = p->question;
    bool event_ret = point->spec.kind->result == RP_RESULT_ARGUMENT && has_own(point, "ret");
    bool ret = question_reads(q, "ret") && !(has_own(point, "ret") && !event_ret);
    if (point->is_pattern || (!ret && !point->is_return))
        return NULL;
    RP_AUTO_FREE char *entry = call_of(&point->spec, RP_CALL_ENTRY),
                      *end = call_of(&point->spec, RP_CALL_RETURN);
    if (!entry || !end)
        return event_ret ? NULL : no_return(q, point);
    if (ret)
        RP_TRY(check_void(p, point));
    RP_AUTO_ARGUMENTS struct rp_arguments *arguments = NULL;
    RP_TRY(rp_arguments_of(entry, &arguments));
    bool reads = point->is_return ? rp_question_any(q, reads_any, arguments)
                                  : rp_question_any(q, reads_argument, arguments);
    if (!reads)
        return point->is_return ? NULL : replace_point(p, 0, rp_take(end), "on_return");
    if (point->spec.kind->result == RP_RESULT_PARAMETER)
        return NULL;
    RP_AUTO_FREE char *whole = call_of(&point->spec, RP_CALL_WHOLE);
    if (ret && whole && follows_nothing(q, arguments) && rp_probe_exists(whole))
        return replace_point(p, 0, rp_take(whole), "on_return");
    return rp_attach_points_pair(p);
}
