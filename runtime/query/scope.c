/* SPDX-License-Identifier: Apache-2.0 */
/* What a question's expressions can name, the trees that they are, and what all of these read. */
#include "query/scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "query/tree/declare.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ what is there everywhere */

const struct rp_builtin rp_builtins[] = {
    {"pid", "u32", "the process", true, false},
    {"tid", "u32", "the thread", true, false},
    {"uid", "u32", "the user", true, false},
    {"comm", "char [16]", "the thread's name", true, false},
    {"cpu", "u32", "the CPU", false, false},
    {"nsecs", "u64", "the time, in nanoseconds since boot", false, false},
    {RP_DURATION, "u64", "how long the call took, in nanoseconds", false, true},
    {"stack", "int", "the kernel's stack; of functions in files the process's", true, false},
    {"kstack", "int", "the kernel's stack", true, false},
    {"ustack", "int", "the process's stack", true, false},
    {"cgroup", "u64", "the id of the cgroup", true, false},
    {0},
};

const struct rp_task_name rp_task_names[RP_TASK_NAMES + 1] = {
    {"curtask", "the task, a struct task_struct *", "bpf_get_current_task()", "%s", NULL},
    {"ppid", "the parent process", "bpf_get_current_task()->real_parent->tgid",
     "%s->real_parent->tgid", NULL},
    {"parent", "the parent's name", "bpf_get_current_task()->real_parent->comm",
     "%s->real_parent->comm", NULL},
    {"gid", "the group", "(u32)(bpf_get_current_uid_gid() >> 32)", "%s->cred->gid.val", NULL},
    {"user", "the user's name", "uid", "uid", "user"},
    {0},
};

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
    s->scope.shorthands = s->shorthands;
    s->scope.shorthand_count = count;
    return NULL;
}

const struct rp_builtin *rp_builtin_find(const char *name) {
    for (const struct rp_builtin *b = rp_builtins; b->name; b++)
        if (!strcmp(b->name, name))
            return b;
    return NULL;
}

bool rp_builtin_is_at(const struct rp_builtin *builtin, const char *task) {
    bool runs = !task;
    return runs || !builtin->of_task || (*task && !strstr(builtin->name, "stack"));
}

const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name) {
    for (size_t i = 0; i < arguments->count; i++)
        if (!strcmp(arguments->list[i].name, name))
            return &arguments->list[i];
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
    RP_TRY(set_type(s, argument->type, &variable));
    variable.in_place = variable.type->kind == RP_C_COMPOSITE;
    if (variable.type->kind == RP_C_ARRAY || variable.in_place)
        variable.memory = RP_MEMORY_LOCAL;
    if (i >= source->arguments->readable)
        set_beyond(s, source, &variable);
    set_different(source, &variable);
    return variable.name && rp_vec_push(&s->variables, variable) ? NULL : rp_error_nomem();
}

struct rp_error *rp_question_scope_add(struct rp_question_scope *s,
                                       const struct rp_scope_source *source) {
    s->types.kernel = rp_kernel_types_or_null();
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
    RP_TRY(set_type(s, type, &variable));
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
    RP_AUTO_FREE char *end =
        source->spec->kind->call ? source->spec->kind->call(source->spec, RP_CALL_RETURN) : NULL;
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
    RP_TRY(rp_c_type_parse(&s->types, builtin->type, &variable.type));
    variable.in_place = variable.type->kind == RP_C_ARRAY;
    if (!rp_builtin_is_at(builtin, source->task)) {
        RP_AUTO_FREE char *spec = rp_spec_text(source->spec);
        const char *at = spec ? spec : "";
        variable.missing =
            rp_arena_text(&s->types.arena, "is not known at %s, %s", at,
                          *source->task ? "where the task that runs is not the one that it is about"
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
} buffers[] = {{"buf", "count"}, {"buf", "len"}, {"buff", "len"}, {"ubuf", "len"}};

static void set_lengths(struct rp_question_scope *s) {
    for (size_t i = 0; i < RP_COUNT(buffers); i++) {
        struct rp_variable *buffer = find(s, buffers[i].buffer),
                           *length = find(s, buffers[i].length);
        if (!buffer || !length || buffer->type->kind != RP_C_POINTER ||
            !rp_c_is_integer(length->type))
            continue;
        const struct rp_c_type *to = rp_c_type_to(&s->types, buffer->type);
        if (to && (to->is_plain_char || to->kind == RP_C_VOID))
            buffer->length = buffers[i].length;
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
    set_lengths(s);
    s->scope =
        (struct rp_scope){.types = &s->types,
                          .variables = s->variables.items,
                          .count = s->variables.count,
                          .owner = kept(s, owner_of(source)),
                          .noun = rp_spec_noun(spec),
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
    return rp_question_scope_begin(&p->scope, &start);
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
    for (size_t i = 1; i < p->point_count && !p->is_span; i++)
        RP_TRY(rp_question_scope_add(&p->scope,
                                     &(struct rp_scope_source){.spec = &p->points[i].spec,
                                                               .arguments = p->points[i].arguments,
                                                               .is_one_of_several = true}));
    return NULL;
}

/* ------------------------------------------------------------------ a question's trees */

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

static struct rp_error *read_question(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    RP_TRY(read_all(p, q->exprs, q->expr_count, &p->exprs));
    RP_TRY(read_all(p, q->keys, q->key_count, &p->by));
    if (q->predicate)
        RP_TRY(rp_plan_tree(p, q->predicate, &p->predicate));
    return q->matching_count ? read_matching(p) : NULL;
}

struct rp_error *rp_question_check_types(const char *text) {
    RP_AUTO(rp_c_types_clear) struct rp_c_types types = {.kernel = rp_kernel_types_or_null()};
    return rp_c_declare(&types, text);
}

struct rp_error *rp_plan_trees(struct rp_query_plan *p) {
    p->scope.types.kernel = rp_kernel_types_or_null();
    if (p->question->types)
        RP_TRY(rp_c_declare(&p->scope.types, p->question->types));
    RP_TRY(add_others(p));
    RP_TRY(open_scope(p));
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

/* ------------------------------------------------------------------ what may not be there */

struct visit {
    void (*each)(void *ctx, const char *map, const struct rp_node *node, enum rp_unread_part part);
    void *ctx;
};

static void visit_values(const struct visit *visit, const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        char map[64];
        snprintf(map, sizeof(map), "unread_%s", values->items[i].member);
        if (rp_node_may_fail(values->items[i].node))
            visit->each(visit->ctx, map, values->items[i].node, RP_UNREAD_VALUE);
    }
}

void rp_plan_each_unread(const struct rp_query_plan *p,
                         void (*each)(void *ctx, const char *map, const struct rp_node *node,
                                      enum rp_unread_part part),
                         void *ctx) {
    const struct visit visit = {each, ctx};
    visit_values(&visit, &p->columns);
    visit_values(&visit, &p->keys);
    if (p->number.node && rp_node_may_fail(p->number.node))
        each(ctx, "unread_number", p->number.node, RP_UNREAD_NUMBER);
    for (size_t i = 0; i < 2; i++)
        if (p->match[i] && rp_node_may_fail(p->match[i])) {
            each(ctx, "unread_match", p->match[i], RP_UNREAD_CONDITION);
            break;
        }
    for (size_t i = 0; i < p->terms.count; i++)
        if (rp_node_may_fail(p->terms.items[i].node)) {
            each(ctx, "unread_condition", p->predicate, RP_UNREAD_CONDITION);
            return;
        }
}
