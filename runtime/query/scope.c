/* SPDX-License-Identifier: Apache-2.0 */
/* What a question's expressions can name, the trees that they are, and what all of these read. */
#include "query/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/syscalls.h"
#include "query/call_results.h"
#include "query/plan.h"
#include "query/tree/declare.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------------ names for what tasks have */

static struct rp_error *add_task_names(struct rp_question_scope *s,
                                       const struct rp_scope_source *source) {
    const char *task = source->task;
    size_t count = 0;
    for (const struct rp_task_name *n = rp_task_names; n->name && (!task || *task); n++) {
        const char *text = task ? rp_arena_text(&s->types.arena, n->of_task, task) : n->of_current;
        if (!text)
            return rp_error_nomem();
        s->shorthands[count++] =
            (struct rp_shorthand){.name = n->name, .text = text, .look = n->look};
    }
    const char *elapsed =
        rp_arena_text(&s->types.arena, "(nsecs - %" PRIu64 "ULL)", source->began_ns);
    if (!elapsed)
        return rp_error_nomem();
    s->shorthands[count++] =
        (struct rp_shorthand){.name = "elapsed", .text = elapsed, .look = "duration"};
    s->shorthands[count++] = (struct rp_shorthand){.name = "time", .text = "nsecs", .look = "time"};
    s->scope.shorthands = s->shorthands;
    s->scope.shorthand_count = count;
    return NULL;
}

void rp_question_scope_clear(struct rp_question_scope *s) {
    rp_vec_clear(&s->variables);
    rp_c_types_clear(&s->types);
    *s = (struct rp_question_scope){0};
}

/* ------------------------------------------------------------------ variables */

static struct rp_variable *find(struct rp_question_scope *s, const char *name) {
    for (size_t i = 0; i < s->variables.count; i++)
        if (!strcmp(s->variables.items[i].name, name))
            return &s->variables.items[i];
    return NULL;
}

static const char *owner_of(const struct rp_scope_source *source) {
    return source->owner ? source->owner : source->spec->target;
}

/* Of a type that the kernel does not tell it is still known whether it is an address. */
static struct rp_error *set_type(struct rp_question_scope *s, const char *text,
                                 struct rp_variable *variable) {
    struct rp_arena *arena = &s->types.arena;
    struct rp_error *err = rp_c_type_parse(&s->types, text, &variable->type);
    if (!err || rp_error_errno(err) == ENOMEM)
        return err;
    rp_error_free(err);
    variable->type = rp_c_pointer_to(&s->types, &rp_c_void);
    if (!strchr(text, '*'))
        variable->missing =
            rp_arena_text(arena, "is of the type %s, which this kernel does not tell", text);
    return variable->type ? NULL : rp_error_nomem();
}

static const char *kept(struct rp_question_scope *s, const char *text) {
    return rp_arena_copy(&s->types.arena, text, strlen(text));
}

static void set_beyond(struct rp_question_scope *s, const struct rp_scope_source *source,
                       struct rp_variable *variable) {
    const struct rp_probe_kind *kind = source->spec->kind;
    const char *target = owner_of(source);
    struct rp_arena *arena = &s->types.arena;
    variable->missing =
        rp_arena_text(arena, "of %s is in no register that a %s can read", target, kind->name);
    variable->instead =
        kind->has_more_arguments
            ? rp_arena_text(arena, "%s:%s may have it", kind->has_more_arguments, target)
            : rp_arena_text(arena, "ask for another of %s", target);
}

static void set_different(const struct rp_scope_source *source, struct rp_variable *variable) {
    if (!source->is_one_of_several)
        return;
    variable->missing = "differs from one attach point to another";
    variable->instead =
        "pid, tid, uid, comm, cpu, nsecs, cgroup, ppid and stack are the same everywhere";
}

/* A program's own types are told by their numbers: their names may be no C. */
static struct rp_error *set_typed(struct rp_question_scope *s, const struct rp_argument *argument,
                                  struct rp_variable *variable) {
    const struct rp_c_type *type = rp_c_type_of(&s->types, argument->btf, argument->id);
    rp_c_types_add_program(&s->types, argument->btf);
    variable->leads = argument->is_reference;
    if (argument->missing) {
        variable->missing = kept(s, argument->missing);
        variable->instead = "`info` of the probe shows what can be read there";
    } else if (argument->form != RP_FORM_VALUE) {
        type = type ? rp_c_pointer_to(&s->types, type) : NULL;
        variable->leads++;
        variable->words = argument->form == RP_FORM_WORDS ? argument->words : 0;
        variable->memory = variable->words ? RP_MEMORY_COPY : RP_MEMORY_USER;
    }
    variable->type = type;
    return type ? NULL : rp_error_nomem();
}

static struct rp_error *add_argument(struct rp_question_scope *s,
                                     const struct rp_scope_source *source, size_t i) {
    const struct rp_probe_kind *kind = source->spec->kind;
    const struct rp_argument *argument = &source->arguments->list[i];
    bool is_result = kind->result == RP_RESULT_ARGUMENT && !strcmp(argument->name, "ret");
    struct rp_variable variable = {.memory = source->memory,
                                   .origin =
                                       is_result || source->is_end ? RP_OF_RETURN : RP_OF_PROBE,
                                   .trusted = kind->prog_type == BPF_PROG_TYPE_TRACING};
    variable.name = kept(s, argument->name);
    RP_TRY(argument->btf ? set_typed(s, argument, &variable)
                         : set_type(s, argument->type, &variable));
    if (argument->may_be_unread)
        variable.unread = rp_arena_text(&s->types.arena, RP_UNREAD_ARGUMENT, argument->name);
    if (argument->missing && !argument->btf)
        variable.missing = kept(s, argument->missing);
    variable.in_place = !argument->btf && variable.type->kind == RP_C_COMPOSITE;
    if (!argument->btf && (variable.type->kind == RP_C_ARRAY || variable.in_place))
        variable.memory = RP_MEMORY_LOCAL;
    if (i >= source->arguments->readable)
        set_beyond(s, source, &variable);
    set_different(source, &variable);
    return variable.name && rp_vec_push(&s->variables, variable) ? NULL : rp_error_nomem();
}

struct rp_error *rp_question_scope_add(struct rp_question_scope *s,
                                       const struct rp_scope_source *source) {
    s->types.kernel = rp_kernel_types_or_null();
    if (source->arguments->debug)
        s->types.debug = source->arguments->debug;
    for (size_t i = 0; i < source->arguments->count; i++) {
        const char *name = source->arguments->list[i].name;
        bool beyond = source->is_end && i >= source->arguments->readable;
        if (!find(s, name) && !beyond && !(source->at_return && rp_builtin_find(name)))
            RP_TRY(add_argument(s, source, i));
    }
    return NULL;
}

static struct rp_error *add_result(struct rp_question_scope *s,
                                   const struct rp_scope_source *source) {
    const char *type = source->arguments->result ? source->arguments->result : "long";
    struct rp_variable variable = {.name = "ret",
                                   .memory = source->memory,
                                   .origin = RP_OF_RETURN,
                                   .trusted =
                                       source->spec->kind->prog_type == BPF_PROG_TYPE_TRACING};
    const struct rp_argument *typed = &source->arguments->typed;
    RP_TRY(typed->btf && typed->id ? set_typed(s, typed, &variable) : set_type(s, type, &variable));
    if (typed->btf && !typed->id)
        variable.missing =
            typed->missing
                ? kept(s, typed->missing)
                : rp_arena_text(&s->types.arena, "is not there: %s returns nothing, it is void",
                                owner_of(source));
    set_different(source, &variable);
    if (source->is_end && !rp_spec_is_return(source->spec))
        variable.missing = rp_arena_text(
            &s->types.arena, "is not known at %s, where nothing returns", owner_of(source));
    return rp_vec_push(&s->variables, variable) ? NULL : rp_error_nomem();
}

static void set_of_call(struct rp_question_scope *s, const struct rp_scope_source *source,
                        struct rp_variable *variable) {
    if (source->is_span)
        return;
    RP_AUTO_FREE char *end = rp_spec_call(source->spec, RP_CALL_RETURN);
    if (source->is_one_of_several) {
        variable->missing = "is of one function or syscall, and these are several";
        variable->instead = "ask for one: latency FUNCTION, or trace FUNCTION duration";
    } else if (!end) {
        variable->missing = rp_arena_text(
            &s->types.arena, "is not known at %s: nothing returns there", owner_of(source));
        variable->instead = "functions return (kprobe, fentry, uprobe), and syscalls do "
                            "(tracepoint:syscalls:sys_enter_NAME)";
    }
}

static struct rp_error *add_builtin(struct rp_question_scope *s, const struct rp_builtin *builtin,
                                    const struct rp_scope_source *source) {
    struct rp_variable variable = {.name = builtin->name,
                                   .memory = RP_MEMORY_EITHER,
                                   .origin = builtin->of_call ? RP_OF_RETURN : RP_OF_TASK};
    RP_TRY(rp_c_type_parse_builtin(&s->types, builtin->type, &variable.type));
    variable.in_place = variable.type->kind == RP_C_ARRAY;
    if (!rp_builtin_is_at(builtin, source->task)) {
        RP_AUTO_FREE char *spec = rp_spec_text(source->spec);
        const char *at = spec ? spec : "";
        variable.missing =
            rp_arena_text(&s->types.arena, "is not known at %s, %s", at,
                          source->task && *source->task
                              ? "where the task that runs is not the one that it is about"
                              : "which is not about a task");
        variable.instead =
            rp_arena_text(&s->types.arena, "`info %s` shows what can be read there", at);
    }
    if (builtin->of_call)
        set_of_call(s, source, &variable);
    return rp_vec_push(&s->variables, variable) ? NULL : rp_error_nomem();
}

/* What tells how many bytes are at an address, by the names that the kernel gives both. */
static const struct {
    const char *buffer, *length;
} buffers[] = {{"buf", "count"}, {"buf", "len"},  {"buf", "bufsiz"},
               {"buff", "len"},  {"ubuf", "len"}, {"ubuf", "size"}};

const char *rp_question_call_name(const char *target) {
    bool at_return;
    const char *of_event = rp_syscall_of_event(target, &at_return);
    if (of_event)
        return of_event;
    const char *call = strstr(target, "_sys_");
    return call && !strncmp(target, "__", 2) ? call + strlen("_sys_") : target;
}

/* Calls that fill the buffer, and return how much of it. A pattern has no call's name. */
static bool fills_buffer(const struct rp_spec *spec) {
    static const char *const calls[] = {"read",       "pread64",   "recvfrom", "readlink",
                                        "readlinkat", "getrandom", "vfs_read", "ksys_read"};
    const char *name = spec->target ? rp_question_call_name(spec->target) : "";
    for (size_t i = 0; i < RP_COUNT(calls); i++)
        if (!strcmp(name, calls[i]))
            return true;
    return false;
}

static void set_lengths(struct rp_question_scope *s, const struct rp_spec *spec) {
    for (size_t i = 0; i < RP_COUNT(buffers); i++) {
        struct rp_variable *buffer = find(s, buffers[i].buffer),
                           *length = find(s, buffers[i].length);
        if (!buffer || !length || buffer->type->kind != RP_C_POINTER ||
            !rp_c_is_integer(length->type))
            continue;
        const struct rp_c_type *to = rp_c_type_to(&s->types, buffer->type);
        if (!to || (!to->is_plain_char && to->kind != RP_C_VOID))
            continue;
        buffer->length = buffers[i].length;
        buffer->is_filled = fills_buffer(spec);
    }
}

static void set_results(struct rp_question_scope *s, const struct rp_spec *spec) {
    const char *call =
        spec->target && !spec->kind->in_files ? rp_question_call_name(spec->target) : "";
    for (size_t i = 0; i < s->variables.count; i++) {
        struct rp_variable *variable = &s->variables.items[i];
        variable->is_result =
            variable->origin == RP_OF_PROBE && rp_call_writes_result(call, variable->name);
    }
}

struct rp_error *rp_question_scope_begin(struct rp_question_scope *s,
                                         const struct rp_scope_source *source) {
    const struct rp_spec *spec = source->spec;
    RP_TRY(rp_question_scope_add(s, source));
    if (!find(s, "ret"))
        RP_TRY(add_result(s, source));
    for (const struct rp_builtin *builtin = rp_builtins; builtin->name; builtin++)
        if (!find(s, builtin->name))
            RP_TRY(add_builtin(s, builtin, source));
    set_lengths(s, spec);
    set_results(s, spec);
    s->scope = (struct rp_scope){
        .types = &s->types,
        .variables = s->variables.items,
        .count = s->variables.count,
        .owner = kept(s, owner_of(source)),
        .noun = rp_spec_noun(spec),
        .untyped = source->arguments->untyped ? kept(s, source->arguments->untyped) : NULL,
        .memory = spec->kind->in_files ? RP_MEMORY_USER : RP_MEMORY_EITHER};
    RP_TRY(add_task_names(s, source));
    return s->scope.owner ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ what a question can name */

/* Names of where it ends hide those of where it begins. */
static struct rp_error *open_span(struct rp_query_plan *p) {
    const struct rp_attach_point *from = &p->points[0], *to = &p->points[1];
    const struct rp_scope_source start = {.spec = &from->spec,
                                          .arguments = from->arguments,
                                          .memory = from->memory,
                                          .task = to->task,
                                          .began_ns = p->question->began_ns,
                                          .is_span = true},
                                 end = {.spec = &to->spec,
                                        .arguments = to->arguments,
                                        .memory = to->memory,
                                        .is_end = true};
    struct rp_scope_source begun = start;
    begun.task = from->task;
    p->start.types.kernel = p->scope.types.kernel;
    RP_TRY(rp_question_scope_begin(&p->start, &begun));
    RP_TRY(rp_question_scope_add(&p->scope, &end));
    if (!find(&p->scope, "ret"))
        RP_TRY(add_result(&p->scope, &end));
    RP_TRY(rp_question_scope_begin(&p->scope, &start));
    p->scope.scope.task_at_return = true;
    return NULL;
}

/* The arguments of a call are those of its entry, wherever the question has it. */
static struct rp_error *open_scope(struct rp_query_plan *p) {
    if (p->is_span)
        return open_span(p);
    const struct rp_attach_point *point = &p->points[0];
    struct rp_scope_source source = {.spec = &point->spec,
                                     .arguments = point->arguments,
                                     .memory = point->memory,
                                     .task = point->task,
                                     .began_ns = p->question->began_ns,
                                     .owner = point->is_pattern ? point->text : NULL,
                                     .is_one_of_several = p->point_count > 1 || point->is_pattern};
    const struct rp_probe_kind *kind = point->spec.kind;
    bool elsewhere = point->is_return && kind->result != RP_RESULT_PARAMETER && !p->by_match;
    RP_AUTO_FREE char *spec = elsewhere ? rp_spec_call(&point->spec, RP_CALL_ENTRY) : NULL;
    if (!spec)
        return rp_question_scope_begin(&p->scope, &source);
    struct rp_attach_point entry = {0};
    struct rp_error *err = rp_attach_point_open(spec, "on_entry", p->question, &entry);
    struct rp_scope_source whole = {.spec = &entry.spec,
                                    .arguments = entry.arguments,
                                    .memory = entry.memory,
                                    .began_ns = p->question->began_ns,
                                    .at_return = true};
    if (!err && kind->result == RP_RESULT_ARGUMENT)
        err = rp_question_scope_add(&p->scope, &source);
    err = err ? err : rp_question_scope_begin(&p->scope, &whole);
    rp_attach_point_clear(&entry);
    return err;
}

static struct rp_error *add_others(struct rp_query_plan *p) {
    for (size_t i = 1; i < p->point_count && !p->is_span; i++)
        RP_TRY(rp_question_scope_add(&p->scope,
                                     &(struct rp_scope_source){.spec = &p->points[i].spec,
                                                               .arguments = p->points[i].arguments,
                                                               .is_one_of_several = true}));
    return NULL;
}

const struct rp_attach_point *rp_plan_place(const struct rp_query_plan *p,
                                            const struct rp_variable *variable) {
    if (p->is_span && variable->origin == RP_OF_RETURN &&
        rp_argument_find(p->points[1].arguments, variable->name))
        return &p->points[1];
    return variable->origin == RP_OF_PROBE ? &p->points[0] : NULL;
}

bool rp_plan_knows_builtin(const struct rp_query_plan *p, size_t point, const char *name) {
    const struct rp_question_scope *scope = p->is_span && !point ? &p->start : &p->scope;
    for (size_t i = 0; i < scope->variables.count; i++)
        if (!strcmp(scope->variables.items[i].name, name))
            return !rp_plan_place(p, &scope->variables.items[i]);
    return false;
}

/* ------------------------------------------------------------------ a question's trees */

struct rp_error *rp_plan_tree(struct rp_query_plan *p, const char *text,
                              const struct rp_node **out) {
    const char *own = rp_arena_copy(&p->scope.types.arena, text, strlen(text));
    return own ? rp_tree_parse(&p->scope.scope, own, out) : rp_error_nomem();
}

/* Whether it is the number of a syscall: `id` of raw_syscalls:sys_enter, rawtracepoint:sys_enter
 * and the like. */
static bool is_syscall_number(const struct rp_query_plan *p, const struct rp_node *node) {
    if (node->kind != RP_NODE_VARIABLE || node->look || node->variable->origin == RP_OF_TASK ||
        strcmp(node->variable->name, "id") != 0 || !rp_c_is_integer(node->type))
        return false;
    for (size_t i = 0; i < p->point_count; i++) {
        const struct rp_spec *spec = &p->points[i].spec;
        bool is_raw = !spec->category || !strcmp(spec->category, "raw_syscalls");
        if (spec->target && is_raw && !spec->kind->of_functions && !spec->kind->in_files &&
            (!strcmp(spec->target, "sys_enter") || !strcmp(spec->target, "sys_exit")))
            return true;
    }
    return false;
}

struct rp_error *rp_plan_shown(struct rp_query_plan *p, const char *text,
                               const struct rp_node **out) {
    RP_TRY(rp_plan_tree(p, text, out));
    if (!is_syscall_number(p, *out))
        return NULL;
    const char *alias = (*out)->alias;
    RP_AUTO_FREE char *named =
        rp_text("syscall(%s)%s%s", (*out)->variable->name, alias ? " as " : "", alias ? alias : "");
    return named ? rp_plan_tree(p, named, out) : rp_error_nomem();
}

typedef struct rp_error *(*tree_fn)(struct rp_query_plan *p, const char *text,
                                    const struct rp_node **out);

static struct rp_error *read_all(struct rp_query_plan *p, char **texts, size_t count, tree_fn read,
                                 const struct rp_node ***out) {
    *out = rp_arena_alloc(&p->scope.types.arena, (count + 1) * sizeof(const void *));
    if (!*out)
        return rp_error_nomem();
    for (size_t i = 0; i < count; i++)
        RP_TRY(read(p, texts[i], &(*out)[i]));
    return NULL;
}

static struct rp_error *check_match(const struct rp_query_plan *p, const struct rp_node *node) {
    if (rp_c_is_integer(node->type) || node->type->kind == RP_C_POINTER)
        return NULL;
    return rp_cannot_answer(p->question, EINVAL, "`%.*s` is not a number or an address",
                            (int)node->length, node->text);
}

/* Each is read where it belongs. */
static struct rp_error *read_matching(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    RP_TRY(rp_tree_parse(&p->start.scope, q->matching[0], &p->match[0]));
    RP_TRY(rp_plan_tree(p, q->matching[q->matching_count - 1], &p->match[1]));
    RP_TRY(check_match(p, p->match[0]));
    RP_TRY(check_match(p, p->match[1]));
    if (p->match[1]->reads_argument)
        return rp_cannot_answer(q, EINVAL, "`%s` is of %s: at %s there has to be something else",
                                q->matching[q->matching_count - 1], p->points[0].text,
                                p->points[1].text);
    return NULL;
}

/* "5s", "1 + 2": what reads nothing of an event is the same at the first one as at all others. */
static struct rp_error *plan_until(struct rp_query_plan *p, const char *text) {
    RP_TRY(rp_plan_tree(p, text, &p->until));
    if (!p->until->is_constant)
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL, "`until %s` is the same for all events", text),
        "until 100 ends after 100 events, until ret < 0 with the first for which that is true; "
        "after a time it ends with --for TIME");
}

static struct rp_error *read_question(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    tree_fn shown = q->verb == RP_VERB_TRACE ? rp_plan_shown : rp_plan_tree;
    RP_TRY(read_all(p, q->exprs, q->expr_count, shown, &p->exprs));
    RP_TRY(read_all(p, q->keys, q->key_count, rp_plan_shown, &p->by));
    if (q->predicate)
        RP_TRY(rp_plan_tree(p, q->predicate, &p->predicate));
    if (q->until_condition)
        RP_TRY(plan_until(p, q->until_condition));
    return q->matching_count ? read_matching(p) : NULL;
}

struct rp_error *rp_question_check_types(const char *text) {
    RP_AUTO(rp_c_types_clear) struct rp_c_types types = {.kernel = rp_kernel_types_or_null()};
    return rp_c_declare(&types, text);
}

struct rp_error *rp_plan_names(struct rp_query_plan *p) {
    p->scope.types.kernel = rp_kernel_types_or_null();
    if (p->question->types)
        RP_TRY(rp_c_declare(&p->scope.types, p->question->types));
    RP_TRY(add_others(p));
    return open_scope(p);
}

struct rp_error *rp_plan_trees(struct rp_query_plan *p) {
    struct rp_error *err = read_question(p);
    if (!err || rp_error_errno(err) == ENOMEM)
        return err;
    RP_AUTO_FREE char *line = rp_question_line(p->question);
    return rp_error_what_set(err, "cannot answer `%s`", line ? line : "");
}

bool rp_node_reads(const struct rp_node *node, const char *name) {
    if (!node || node->kind == RP_NODE_VARIABLE)
        return node && node->variable->origin != RP_OF_PROBE && !strcmp(node->variable->name, name);
    return rp_node_reads(node->a, name) || rp_node_reads(node->b, name) ||
           rp_node_reads(node->c, name);
}

bool rp_node_reads_user_address(const struct rp_node *node) {
    return node && (rp_node_is_user_address(node) || rp_node_reads_user_address(node->a) ||
                    rp_node_reads_user_address(node->b) || rp_node_reads_user_address(node->c));
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
    return (p->predicate && test(p->predicate)) || (p->until && test(p->until));
}

/* ------------------------------------------------------------------ what may not be there */

struct visit {
    void (*each)(void *ctx, const char *map, const struct rp_node *node, enum rp_unread_part part);
    void *ctx;
};

static void visit_values(const struct visit *visit, const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        char map[64];
        snprintf(map, sizeof(map), "unread_%s", values->items[i].member);
        if (!values->items[i].is_absent && rp_node_may_fail(values->items[i].node))
            visit->each(visit->ctx, map, values->items[i].node, RP_UNREAD_VALUE);
    }
}

/* Of several parts each map once. */
struct once {
    struct visit visit;
    struct rp_texts seen;
};

static void visit_once(void *ctx, const char *map, const struct rp_node *node,
                       enum rp_unread_part part) {
    struct once *once = ctx;
    for (size_t i = 0; i < once->seen.count; i++)
        if (!strcmp(once->seen.items[i], map))
            return;
    if (rp_texts_add(&once->seen, strdup(map)))
        once->visit.each(once->visit.ctx, map, node, part);
}

void rp_plan_each_unread(const struct rp_query_plan *p,
                         void (*each)(void *ctx, const char *map, const struct rp_node *node,
                                      enum rp_unread_part part),
                         void *ctx) {
    const struct visit visit = {each, ctx};
    struct once once = {.visit = visit};
    for (size_t i = 0; i < p->part_count; i++)
        rp_plan_each_unread(&p->parts[i], visit_once, &once);
    rp_texts_clear(&once.seen);
    if (p->part_count)
        return;
    visit_values(&visit, &p->columns);
    visit_values(&visit, &p->keys);
    if (p->number.node && rp_node_may_fail(p->number.node))
        each(ctx, "unread_number", p->number.node, RP_UNREAD_NUMBER);
    for (size_t i = 0; i < 2; i++)
        if (p->match[i] && rp_node_may_fail(p->match[i])) {
            each(ctx, "unread_match", p->match[i], RP_UNREAD_CONDITION);
            break;
        }
    if (p->until && rp_node_may_fail(p->until))
        each(ctx, "unread_until", p->until, RP_UNREAD_END);
    for (size_t i = 0; i < p->terms.count; i++)
        if (rp_node_may_fail(p->terms.items[i].node)) {
            each(ctx, "unread_condition", p->predicate, RP_UNREAD_CONDITION);
            return;
        }
}
