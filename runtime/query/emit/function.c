/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a program: the functions that run at its places, and what they read there. */
#include <string.h>

#include "probe/function_text.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------------ what is read where */

static bool is_comm(const struct rp_query_plan *p, const struct rp_value *value) {
    return !strcmp(value->text, "comm") && !rp_argument_find(rp_plan_entry(p)->arguments, "comm");
}

static bool values_read(const struct rp_query_plan *p, const struct rp_values *values, bool entry,
                        const char *name) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *value = &values->items[i];
        /* It is asked for where it is written, into its place. */
        if (is_comm(p, value))
            continue;
        if ((!p->pair || value->at_entry == entry) && rp_reads(value->text, name))
            return true;
    }
    return false;
}

static bool terms_read(const struct rp_query_plan *p, bool entry, const char *name) {
    for (size_t i = 0; i < p->terms.count; i++)
        if ((!p->pair || p->terms.items[i].at_entry == entry) &&
            rp_reads(p->terms.items[i].text, name))
            return true;
    return false;
}

static bool is_read(const struct rp_query_plan *p, size_t point, const char *name) {
    bool entry = p->pair && point == 0;
    if (terms_read(p, entry, name) || (entry && values_read(p, &p->saved, true, name)))
        return true;
    if (entry)
        return false;
    bool number = p->number.text && !(p->pair && p->number.at_entry);
    return values_read(p, &p->columns, false, name) || values_read(p, &p->keys, false, name) ||
           (number && rp_reads(p->number.text, name));
}

/* One of the program's functions, and what it reads. */
struct function {
    const struct rp_query_plan *p;
    size_t point;
};

static bool function_reads(const void *ctx, const char *name) {
    const struct function *function = ctx;
    return is_read(function->p, function->point, name);
}

static const char *function_name(const struct rp_query_plan *p, size_t s) {
    static const char *const neutral[] = {"PLACE", "PLACE_2", "PLACE_3", "PLACE_4"};
    if (!p->neutral || s >= RP_COUNT(neutral))
        return p->points[s].function;
    return neutral[s];
}

/* The function as its kind wants to have it told; it refers to `function`. */
static struct rp_function_text describe(const struct function *function) {
    const struct rp_query_plan *p = function->p;
    const struct rp_attach_point *point = &p->points[function->point];
    return (struct rp_function_text){.out = p->out,
                                     .spec = &point->spec,
                                     .arguments = point->arguments,
                                     .name = function_name(p, function->point),
                                     .context = rp_context(p, function->point),
                                     .names_itself = point->names_itself,
                                     .neutral = p->neutral,
                                     .reads = function_reads,
                                     .ctx = function};
}

static bool is_declared(const struct rp_query_plan *p, size_t s, const char *name) {
    const struct rp_attach_point *point = &p->points[s];
    if (!point->spec.kind->has_parameters)
        return is_read(p, s, name);
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    size_t count = rp_function_parameters(&function);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(point->arguments->list[i].name, name))
            return true;
    return is_read(p, s, name);
}

struct rp_name rp_own(const struct rp_query_plan *program, const char *name) {
    struct rp_name own;
    bool taken = false;
    for (size_t s = 0; s < program->point_count; s++)
        taken |= is_declared(program, s, name);
    snprintf(own.text, sizeof(own.text), "%s%s", name, taken ? "_" : "");
    return own;
}

/* ------------------------------------------------------------------ structs */

static void write_member(const struct rp_query_plan *p, const char *type, const char *name,
                         const char *text) {
    RP_AUTO_FREE char *member = rp_type_declare(type, name);
    fprintf(p->out, "    %s;", member ? member : "");
    if (strcmp(name, text) != 0 && !strstr(text, "*/"))
        fprintf(p->out, " /* %s */", text);
    fputs("\n", p->out);
}

void rp_write_members(const struct rp_query_plan *p, const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *value = &values->items[i];
        char type[sizeof(value->is.type)];
        snprintf(type, sizeof(type), "%s", value->is.type);
        if (value->is.shape == RP_SHAPE_TEXT)
            snprintf(type, sizeof(type), "char [%u]", value->capacity);
        else if (value->is.shape == RP_SHAPE_POINTER && !value->is.is_array)
            snprintf(type, sizeof(type), "void *");
        write_member(p, type, value->member, value->text);
    }
}

bool rp_has_key(const struct rp_query_plan *p) {
    return p->by_match || p->keys.count;
}

/* Text is copied by words where the compiler knows it to be aligned, else byte by byte, which is
 * too much for a program. */
static void end_struct(const struct rp_query_plan *p, const struct rp_values *values) {
    bool text = false;
    for (size_t i = 0; i < values->count; i++)
        text |= values->items[i].is.shape == RP_SHAPE_TEXT;
    fputs(text ? "} __attribute__((aligned(8)));\n" : "};\n", p->out);
}

void rp_write_key_type(const struct rp_query_plan *p, const char *last_member) {
    fputs("struct key {\n", p->out);
    if (p->by_match)
        fputs("    u64 place; /* number of the attach point */\n", p->out);
    rp_write_members(p, &p->keys);
    if (last_member)
        fprintf(p->out, "    %s\n", last_member);
    end_struct(p, &p->keys);
}

static void write_saved(const struct rp_query_plan *p) {
    if (!p->saved.count) {
        fprintf(p->out, "BPF_HASH(%s, u32, u64); /* when the call began, by thread; ns */\n",
                p->map);
        return;
    }
    fprintf(p->out, "/* Saved at the entry for the return, by thread. */\nstruct %s {\n", p->map);
    if (p->timed)
        fputs("    u64 ns;\n", p->out);
    rp_write_members(p, &p->saved);
    end_struct(p, &p->saved);
    fprintf(p->out, "BPF_HASH(%s, u32, struct %s);\n", p->map, p->map);
}

/* ------------------------------------------------------------------ a function's head */

const char *rp_context(const struct rp_query_plan *p, size_t s) {
    const struct rp_probe_kind *kind = p->points[s].spec.kind;
    const char *context = kind->context ? kind->context : "ctx";
    if (p->points[s].is_pattern || !is_read(p, s, context))
        return context;
    return kind->other_context ? kind->other_context : "regs";
}

static void write_head(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    if (p->neutral && point->is_pattern)
        fprintf(p->out, "/* %s */\n", point->text);
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    if (point->is_pattern)
        fprintf(p->out, "int %s(void *ctx)\n{\n", function.name);
    else
        point->spec.kind->write_head(&function);
}

/* ------------------------------------------------------------------ names in a function */

/* What the entry saved for the return, where that does not have it itself. */
static void write_saved_arguments(const struct rp_query_plan *p, size_t s) {
    if (!p->pair || s != 1 || p->points[s].spec.kind->has_parameters)
        return;
    for (size_t i = 0; i < p->saved.count; i++) {
        const struct rp_value *value = &p->saved.items[i];
        char saved[128];
        snprintf(saved, sizeof(saved), "%s.%s", rp_own(p, "at").text, value->member);
        if (value->argument && is_read(p, 1, value->text))
            rp_write_local(p->out, value->is.type, value->text, saved);
    }
}

/* What is no parameter of the function. */
static void write_arguments(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    const struct rp_probe_kind *kind = point->spec.kind;
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    for (size_t i = 0; i < point->arguments->readable && kind->write_argument; i++)
        if (is_read(p, s, point->arguments->list[i].name))
            kind->write_argument(&function, i);
    write_saved_arguments(p, s);
    bool has_own_ret = rp_argument_find(rp_plan_entry(p)->arguments, "ret");
    if (kind->result == RP_RESULT_READ && !has_own_ret && is_read(p, s, "ret") &&
        point->arguments->result)
        kind->write_result(&function);
}

/* Of the task that runs, and of another one (NULL: it makes no difference). */
static const struct builtin {
    const char *name, *type, *current, *of_task;
} builtins[] = {
    {"pid", "u32", "bpf_get_current_pid_tgid() >> 32", "tgid"},
    {"tid", "u32", "bpf_get_current_pid_tgid()", "pid"},
    {"uid", "u32", "bpf_get_current_uid_gid()", "cred->uid.val"},
    {"cpu", "u32", "bpf_get_smp_processor_id()", NULL},
    {"nsecs", "u64", "bpf_ktime_get_ns()", NULL},
    {"cgroup", "u64", "bpf_get_current_cgroup_id()", "cgroups->dfl_cgrp->kn->id"},
};

static void write_comm(const struct rp_query_plan *p, size_t s, const char *to) {
    const char *task = p->points[s].task;
    if (task)
        fprintf(p->out, "    bpf_probe_read_kernel_str(&%s, sizeof(%s), %s->comm);\n", to, to,
                task);
    else
        fprintf(p->out, "    bpf_get_current_comm(&%s, sizeof(%s));\n", to, to);
}

void rp_write_task(const struct rp_query_plan *p, size_t s, const char *target) {
    char comm[96];
    snprintf(comm, sizeof(comm), "%scomm", target);
    if (p->points[s].task)
        fprintf(p->out, "    %spid = %s->tgid;\n", target, p->points[s].task);
    else
        fprintf(p->out, "    %spid = bpf_get_current_pid_tgid() >> 32;\n", target);
    write_comm(p, s, comm);
}

static void write_builtin(const struct rp_query_plan *p, size_t s, const struct builtin *builtin) {
    const char *task = p->points[s].task;
    RP_AUTO_FREE char *of_task =
        task && builtin->of_task ? rp_text("%s->%s", task, builtin->of_task) : NULL;
    rp_write_local(p->out, builtin->type, builtin->name, of_task ? of_task : builtin->current);
}

static void write_builtins(const struct rp_query_plan *p, size_t s) {
    const struct rp_arguments *arguments = rp_plan_entry(p)->arguments;
    for (size_t i = 0; i < RP_COUNT(builtins); i++)
        if (is_read(p, s, builtins[i].name) && !rp_argument_find(arguments, builtins[i].name) &&
            !(p->pair && !strcmp(builtins[i].name, "tid")))
            write_builtin(p, s, &builtins[i]);
    if (is_read(p, s, "comm") && !rp_argument_find(arguments, "comm")) {
        fputs("    char comm[16];\n", p->out);
        write_comm(p, s, "comm");
    }
    if (is_read(p, s, "stack") && !rp_argument_find(arguments, "stack"))
        fprintf(p->out, "    int stack = stacks.get_stackid(%s, 0);\n", rp_context(p, s));
}

/* ------------------------------------------------------------------ conditions */

static const char *reader(const struct rp_query_plan *p, const char *text,
                          const struct rp_expression *is) {
    const struct rp_attach_point *entry = rp_plan_entry(p);
    if (is->is_array)
        return "bpf_probe_read_kernel_str";
    bool of_argument = false;
    for (size_t i = 0; i < entry->arguments->count; i++)
        of_argument |= rp_reads(text, entry->arguments->list[i].name);
    bool in_process =
        entry->memory == RP_MEMORY_PROCESS || (entry->memory == RP_MEMORY_ARGUMENTS && of_argument);
    return in_process ? "bpf_probe_read_user_str" : "bpf_probe_read_str";
}

/* Whether all of it is one call of is_text(). */
static bool is_one_call(const char *code) {
    if (strncmp(code, "is_text(", 8) != 0)
        return false;
    int depth = 0;
    char quote = '\0';
    for (const char *c = code; *c; c++) {
        if (quote && *c == '\\' && c[1])
            c++;
        else if (quote)
            quote = *c == quote ? '\0' : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (*c == '(')
            depth++;
        else if (*c == ')' && --depth == 0)
            return !c[1];
    }
    return false;
}

static void write_term(const struct rp_query_plan *p, const struct rp_term *term) {
    for (size_t i = 0; i < term->operands.count; i++) {
        const struct rp_text_operand *c = &term->operands.items[i];
        if (!c->capacity) /* comm is at hand */
            continue;
        fprintf(p->out, "    char %s[%u];\n    %s(%s, sizeof(%s), %s);\n", c->buffer, c->capacity,
                reader(p, c->text, &c->is), c->buffer, c->buffer, c->text);
    }
    const char *code = term->code;
    if (is_one_call(code))
        fprintf(p->out, "    if (!%s)\n        return 0;\n", code);
    else if (*code == '!' && is_one_call(code + 1))
        fprintf(p->out, "    if (%s)\n        return 0;\n", code + 1);
    else
        fprintf(p->out, "    if (!(%s))\n        return 0;\n", code);
}

/* ------------------------------------------------------------------ a function's beginning */

static void write_lookup(const struct rp_query_plan *p) {
    struct rp_name found = rp_own(p, "found"), tid = rp_own(p, "tid"), at = rp_own(p, "at"),
                   ns = rp_own(p, "ns");
    FILE *out = p->out;
    if (p->saved.count)
        fprintf(out, "    struct %s *%s = %s.lookup(&%s);\n", p->map, found.text, p->map, tid.text);
    else
        fprintf(out, "    u64 *%s = %s.lookup(&%s);\n", found.text, p->map, tid.text);
    fprintf(out, "    if (!%s)\n        return 0; /* the call began before the probe */\n",
            found.text);
    if (p->saved.count)
        fprintf(out, "    struct %s %s = *%s;\n", p->map, at.text, found.text);
    if (p->timed)
        fprintf(out, "    u64 %s = bpf_ktime_get_ns() - %s%s;\n", ns.text,
                p->saved.count ? at.text : "*", p->saved.count ? ".ns" : found.text);
    fprintf(out, "    %s.delete(&%s);\n", p->map, tid.text);
}

static bool is_tid_own(const struct rp_query_plan *p) {
    return !strcmp(rp_own(p, "tid").text, "tid");
}

static void write_target(const struct rp_query_plan *p, size_t s) {
    const char *task = p->points[s].task;
    if (!task)
        fputs("    if (!is_target())\n        return 0;\n", p->out);
    else if (*task)
        fprintf(p->out, "    if (!is_target_task(%s))\n        return 0;\n", task);
}

void rp_write_begin(const struct rp_query_plan *p, size_t s) {
    bool entry = p->pair && s == 0, at_return = p->pair && s == 1;
    write_head(p, s);
    if (p->question->ask_target && !at_return)
        write_target(p, s);
    if (p->pair)
        rp_write_local(p->out, "u32", rp_own(p, "tid").text, "bpf_get_current_pid_tgid()");
    if (p->pair && !is_tid_own(p) && is_read(p, s, "tid") &&
        !rp_argument_find(rp_plan_entry(p)->arguments, "tid"))
        rp_write_local(p->out, "u32", "tid", "bpf_get_current_pid_tgid()");
    if (at_return)
        write_lookup(p);
    write_arguments(p, s);
    write_builtins(p, s);
    for (size_t i = 0; i < p->terms.count; i++)
        if (!p->pair || p->terms.items[i].at_entry == entry)
            write_term(p, &p->terms.items[i]);
}

void rp_write_row(const struct rp_query_plan *p, size_t s, const char *record) {
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    p->points[s].spec.kind->write_row(&function, record);
}

void rp_write_end(const struct rp_query_plan *p) {
    fputs("    return 0;\n}\n", p->out);
}

/* ------------------------------------------------------------------ values */

static const struct rp_value *find_saved(const struct rp_query_plan *p,
                                         const struct rp_value *value) {
    for (size_t i = 0; value->at_entry && i < p->saved.count; i++)
        if (!p->saved.items[i].argument && !strcmp(p->saved.items[i].text, value->text))
            return &p->saved.items[i];
    return NULL;
}

static void write_value(const struct rp_query_plan *p, size_t s, const struct rp_value *value,
                        const char *target, bool from_saved) {
    FILE *out = p->out;
    const struct rp_value *saved = from_saved ? find_saved(p, value) : NULL;
    char to[128];
    snprintf(to, sizeof(to), "%s%s", target, value->member);
    bool text = value->is.shape == RP_SHAPE_TEXT, array = value->is.is_array;
    if (saved && (text || array))
        fprintf(out, "    __builtin_memcpy(%s, %s.%s, sizeof(%s));\n", to, rp_own(p, "at").text,
                saved->member, to);
    else if (saved)
        fprintf(out, "    %s = %s.%s;\n", to, rp_own(p, "at").text, saved->member);
    else if (is_comm(p, value))
        write_comm(p, s, to);
    else if (text)
        fprintf(out, "    %s(%s, sizeof(%s), %s);\n", reader(p, value->text, &value->is), to, to,
                value->text);
    else if (array)
        fprintf(out, "    bpf_probe_read_kernel(%s, sizeof(%s), %s);\n", to, to, value->text);
    else if (value->is.shape == RP_SHAPE_POINTER && !value->argument)
        fprintf(out,
                rp_is_c_name(value->text) ? "    %s = (void *)%s;\n" : "    %s = (void *)(%s);\n",
                to, value->text);
    else
        fprintf(out, "    %s = %s;\n", to, value->text);
}

void rp_write_values(const struct rp_query_plan *p, size_t s, const struct rp_values *values,
                     const char *target) {
    for (size_t i = 0; i < values->count; i++)
        write_value(p, s, &values->items[i], target, p->pair);
}

void rp_write_key(const struct rp_query_plan *p, size_t s) {
    struct rp_name key = rp_own(p, "key");
    char target[80];
    snprintf(target, sizeof(target), "%s.", key.text);
    fprintf(p->out, "    struct key %s = {};\n", key.text);
    if (p->by_match) {
        unsigned long long first = (unsigned long long)s << 32;
        if (p->points[s].is_pattern && s)
            fprintf(p->out, "    %s.place = 0x%llx | bpf_get_attach_cookie(ctx);\n", key.text,
                    first);
        else if (p->points[s].is_pattern)
            fprintf(p->out, "    %s.place = bpf_get_attach_cookie(ctx);\n", key.text);
        else
            fprintf(p->out, s ? "    %s.place = 0x%llx;\n" : "    %s.place = %llu;\n", key.text,
                    first);
    }
    rp_write_values(p, s, &p->keys, target);
}

static void write_entry(const struct rp_query_plan *p) {
    struct rp_name at = rp_own(p, "at"), tid = rp_own(p, "tid");
    FILE *out = p->out;
    rp_write_begin(p, 0);
    if (p->saved.count) {
        fprintf(out, "    struct %s %s = {};\n", p->map, at.text);
        char target[80];
        snprintf(target, sizeof(target), "%s.", at.text);
        for (size_t i = 0; i < p->saved.count; i++)
            write_value(p, 0, &p->saved.items[i], target, false);
        if (p->timed)
            fprintf(out, "    %s.ns = bpf_ktime_get_ns();\n", at.text);
    } else {
        rp_write_local(p->out, "u64", at.text, "bpf_ktime_get_ns()");
    }
    fprintf(out, "    %s.update(&%s, &%s);\n", p->map, tid.text, at.text);
    rp_write_end(p);
}

void rp_write_call(const struct rp_query_plan *p) {
    write_saved(p);
    fputs("\n", p->out);
    write_entry(p);
}

void rp_write_first_half(const struct rp_query_plan *p) {
    if (!p->pair)
        return;
    fputs("\n", p->out);
    rp_write_call(p);
}

void rp_write_increment(const struct rp_query_plan *p, const char *map) {
    struct rp_name key = rp_own(p, "key"), zero = rp_own(p, "zero"), count = rp_own(p, "count");
    fprintf(p->out,
            "    u64 %s = 0, *%s = %s.lookup_or_try_init(&%s, &%s);\n"
            "    if (%s)\n"
            "        __sync_fetch_and_add(%s, 1);\n"
            "    else\n"
            "        missed.atomic_increment(0);\n",
            zero.text, count.text, map, key.text, zero.text, count.text, count.text);
}
