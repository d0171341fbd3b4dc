/* SPDX-License-Identifier: Apache-2.0 */
/* The places where a program's functions run: one, or where a call begins and ends. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Registers that hold arguments, on x86-64; of a function that is called directly (fentry). */
#define REGISTERS  6
#define TRAMPOLINE 11

#define AUTO_ARGUMENTS RP_AUTO(cleanup_arguments)
static void cleanup_arguments(struct rp_arguments **arguments) {
    rp_arguments_free(*arguments);
}

/* ------------------------------------------------------------------ sites */

static bool is_syscall_event(const struct rp_spec *spec, const char *when) {
    return spec->kind == &rp_tracepoint_kind && spec->category &&
           !strcmp(spec->category, "syscalls") && !strncmp(spec->target, when, strlen(when));
}

void rp_attach_point_clear(struct rp_attach_point *point) {
    rp_spec_clear(&point->spec);
    free(point->text);
    rp_arguments_free(point->arguments);
    *point = (struct rp_attach_point){0};
}

static bool is_pattern(const char *text) {
    return text[strcspn(text, "*?[")];
}

/* Structs by value take a register or two, so that what is behind them is not where it seems. */
static size_t count_readable(const struct rp_attach_point *point) {
    const struct rp_arguments *arguments = point->arguments;
    bool direct =
        rp_attach_point_is(point, &rp_fentry_kind) || rp_attach_point_is(point, &rp_fexit_kind);
    if (rp_attach_point_is(point, &rp_kretprobe_kind) ||
        rp_attach_point_is(point, &rp_uretprobe_kind))
        return 0;
    if (!rp_spec_is_kernel_function(&point->spec))
        return arguments->count;
    size_t most = direct ? TRAMPOLINE : REGISTERS, i;
    for (i = 0; i < arguments->count && i < most; i++) {
        struct rp_btf_type type;
        struct rp_expression is;
        if (rp_type_find(arguments->list[i].type, &type) && rp_type_describe(&type, &is) &&
            is.shape == RP_SHAPE_STRUCT && is.size > 8)
            break;
    }
    return i;
}

/* Its arguments are those of the syscall, in the registers of the one who called. */
static bool is_syscall_function(const struct rp_attach_point *point) {
    return (rp_attach_point_is(point, &rp_kprobe_kind) ||
            rp_attach_point_is(point, &rp_kretprobe_kind)) &&
           point->spec.target && !point->spec.offset && rp_syscall_of(point->spec.target) &&
           !(point->arguments->count && strstr(point->arguments->list[0].type, "struct pt_regs"));
}

/* A syscall's function by this kernel's name for it. */
static void use_kernel_name(struct rp_spec *spec) {
    char *name = rp_spec_is_kernel_function(spec) ? rp_syscall_function(spec->target) : NULL;
    if (name) {
        free(spec->target);
        spec->target = name;
    }
}

/* A function's name that says by itself where it belongs, or one of our own. */
static void name_function(struct rp_attach_point *point, const char *fallback) {
    static const struct {
        const struct rp_probe_kind *kind;
        const char *prefix;
    } conventions[] = {
        {&rp_kprobe_kind, "kprobe__"},
        {&rp_kretprobe_kind, "kretprobe__"},
        {&rp_fentry_kind, "kfunc__"},
        {&rp_fexit_kind, "kretfunc__"},
        {&rp_raw_tracepoint_kind, "raw_tracepoint__"},
        {&rp_tp_btf_kind, "tp_btf__"},
        {&rp_tracepoint_kind, "tracepoint__"},
    };
    char name[512] = "";
    for (size_t i = 0; i < RP_COUNT(conventions) && !point->is_pattern; i++)
        if (rp_attach_point_is(point, conventions[i].kind))
            snprintf(name, sizeof(name), "%s%s%s%s", conventions[i].prefix,
                     point->spec.category ? point->spec.category : "",
                     point->spec.category ? "__" : "", point->spec.target);
    RP_AUTO_FREE char *spec = rp_is_c_name(name) ? rp_probe_spec_of_function(name) : NULL;
    point->names_itself =
        spec && !strcmp(spec, point->text) && strlen(name) < sizeof(point->function);
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
        use_kernel_name(&point->spec);
        RP_TRY(rp_arguments_of_spec(&point->spec, &point->arguments));
        point->text = rp_spec_text(&point->spec);
        if (!point->text)
            return rp_error_nomem();
        point->readable = count_readable(point);
        point->user_memory = rp_spec_is_in_file(&point->spec) || is_syscall_function(point) ||
                             is_syscall_event(&point->spec, "sys_enter_");
    }
    point->is_return = rp_attach_point_is(point, &rp_kretprobe_kind) ||
                       rp_attach_point_is(point, &rp_fexit_kind) ||
                       rp_attach_point_is(point, &rp_uretprobe_kind) ||
                       is_syscall_event(&point->spec, "sys_exit_");
    name_function(point, fallback);
    return NULL;
}

const struct rp_attach_point *rp_plan_entry(const struct rp_query_plan *program) {
    return &program->points[0];
}

/* ------------------------------------------------------------------ which site */

/* The same place, as another kind: "kretprobe:vfs_read" of "kprobe:vfs_read". */
static char *as_kind(const struct rp_spec *spec, const struct rp_probe_kind *kind) {
    struct rp_spec other = *spec;
    other.kind = kind;
    other.offset = 0;
    return rp_spec_text(&other);
}

static char *as_syscall(const struct rp_spec *spec, const char *when) {
    const char *name = strchr(spec->target + 4, '_');
    char *text = NULL;
    return name && asprintf(&text, "tracepoint:syscalls:sys_%s%s", when, name) > 0 ? text : NULL;
}

/* Where what begins at `spec` ends, and the other way round; NULL where there is no such place. */
static char *return_of(const struct rp_spec *spec) {
    if (spec->kind == &rp_kprobe_kind || spec->kind == &rp_kretprobe_kind)
        return as_kind(spec, &rp_kretprobe_kind);
    if (spec->kind == &rp_fentry_kind || spec->kind == &rp_fexit_kind)
        return as_kind(spec, &rp_fexit_kind);
    if (spec->kind == &rp_uprobe_kind || spec->kind == &rp_uretprobe_kind)
        return as_kind(spec, &rp_uretprobe_kind);
    return is_syscall_event(spec, "sys_") ? as_syscall(spec, "exit") : NULL;
}

static char *entry_of(const struct rp_spec *spec) {
    if (spec->kind == &rp_kprobe_kind || spec->kind == &rp_kretprobe_kind)
        return as_kind(spec, &rp_kprobe_kind);
    if (spec->kind == &rp_fentry_kind || spec->kind == &rp_fexit_kind)
        return as_kind(spec, &rp_fentry_kind);
    if (spec->kind == &rp_uprobe_kind || spec->kind == &rp_uretprobe_kind)
        return as_kind(spec, &rp_uprobe_kind);
    return is_syscall_event(spec, "sys_") ? as_syscall(spec, "enter") : NULL;
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
    RP_AUTO_FREE char *entry = entry_of(&p->points[0].spec), *end = return_of(&p->points[0].spec);
    if (!entry || !end)
        return no_return(p->question, &p->points[0]);
    struct rp_attach_point *points = reallocarray(p->points, 2, sizeof(*points));
    if (!points)
        return rp_error_nomem();
    p->points = points;
    points[1] = (struct rp_attach_point){0};
    p->point_count = 2;
    p->pair = true;
    p->map = p->map ? p->map : "entered";
    RP_TRY(replace_point(p, 0, rp_take(entry), "on_entry"));
    RP_TRY(rp_attach_point_open(end, "on_return", &points[1]));
    /* A syscall's result is a field of the tracepoint where it ends. */
    struct rp_arguments *arguments = points[0].arguments;
    if (!arguments->result && is_syscall_event(&points[1].spec, "sys_exit_"))
        arguments->result = strdup("long");
    return NULL;
}

static bool has_own(const struct rp_attach_point *point, const char *name) {
    return rp_argument_find(point->arguments, name);
}

static struct rp_error *check_void(const struct rp_query_plan *p,
                                   const struct rp_attach_point *point) {
    if (point->arguments->result || !rp_spec_is_kernel_function(&point->spec) || point->spec.offset)
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL, "%s returns nothing: it is void", point->spec.target),
        "leave `ret` out: the place %s can still be traced", point->text);
}

/* `ret` is asked for, or the arguments where only a return is. */
struct rp_error *rp_attach_points_choose(struct rp_query_plan *p) {
    struct rp_attach_point *point = &p->points[0];
    const struct rp_question *q = p->question;
    bool event_ret = rp_attach_point_is(point, &rp_tracepoint_kind) && has_own(point, "ret");
    bool ret = question_reads(q, "ret") && !(has_own(point, "ret") && !event_ret);
    if (point->is_pattern || (!ret && !point->is_return))
        return NULL;
    RP_AUTO_FREE char *entry = entry_of(&point->spec), *end = return_of(&point->spec);
    if (!entry || !end)
        return event_ret ? NULL : no_return(q, point);
    if (ret)
        RP_TRY(check_void(p, point));
    AUTO_ARGUMENTS struct rp_arguments *arguments = NULL;
    RP_TRY(rp_arguments_of(entry, &arguments));
    bool reads = point->is_return ? rp_question_any(q, reads_any, arguments)
                                  : rp_question_any(q, reads_argument, arguments);
    if (!reads)
        return point->is_return ? NULL : replace_point(p, 0, rp_take(end), "on_return");
    if (rp_attach_point_is(point, &rp_fexit_kind))
        return NULL;
    bool function = rp_spec_is_kernel_function(&point->spec) && !rp_syscall_of(point->spec.target);
    if (ret && function && follows_nothing(q, arguments)) {
        char *fexit = as_kind(&point->spec, &rp_fexit_kind);
        if (fexit && rp_probe_exists(fexit))
            return replace_point(p, 0, fexit, "on_return");
        free(fexit);
    }
    return rp_attach_points_pair(p);
}
