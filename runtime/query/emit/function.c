/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a program: the functions that run at its places, and what they read there. */
#include <string.h>

#include "probe/arguments.h"
#include "query/plan.h"
#include "record/layout.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------------ what is read where */

/* Whether the tree reads the variable; what was kept of the entry is not read again. */
static bool tree_reads(const struct rp_node *node, bool at_return, const char *name) {
    if (!node || (at_return && node->kind == RP_NODE_MOMENT && node->asks_entry))
        return false;
    if (node->kind == RP_NODE_VARIABLE)
        return !strcmp(node->variable->name, name);
    return tree_reads(node->a, at_return, name) || tree_reads(node->b, at_return, name) ||
           tree_reads(node->c, at_return, name);
}

static bool values_read(const struct rp_query_plan *p, const struct rp_values *values,
                        bool at_return, const char *name) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *value = &values->items[i];
        if (value->is_absent)
            continue;
        if (value->variable
                ? !strcmp(value->variable->name, name)
                : !rp_node_is_comm(value->node) && tree_reads(value->node, at_return, name))
            return true;
        const struct rp_node *again = at_return ? rp_plan_again(p, value->node) : NULL;
        if (again && tree_reads(again, true, name))
            return true;
    }
    return false;
}

static bool is_asked(const struct rp_query_plan *p, const struct rp_term *term, bool entry) {
    return !p->pair || term->at_entry == entry || term->again;
}

static bool terms_read(const struct rp_query_plan *p, bool entry, const char *name) {
    for (size_t i = 0; i < p->terms.count; i++) {
        const struct rp_term *term = &p->terms.items[i];
        bool has_kept = p->pair && !entry && !term->again; /* what the entry was asked for */
        if (is_asked(p, term, entry) && tree_reads(term->node, has_kept, name))
            return true;
    }
    return false;
}

static bool is_read(const struct rp_query_plan *p, size_t point, const char *name) {
    bool entry = p->pair && point == 0, at_return = p->pair && point == 1;
    if (p->match[point ? 1 : 0] && tree_reads(p->match[point ? 1 : 0], false, name))
        return true;
    if (terms_read(p, entry, name) || (entry && values_read(p, &p->saved, false, name)))
        return true;
    if (entry)
        return false;
    return values_read(p, &p->columns, at_return, name) ||
           values_read(p, &p->keys, at_return, name) ||
           tree_reads(p->number.node, at_return, name) || tree_reads(p->until, at_return, name);
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

static bool is_taken_in(const struct rp_query_plan *p, const char *name) {
    bool taken = false;
    for (size_t s = 0; s < p->point_count; s++)
        taken |= is_declared(p, s, name);
    return taken;
}

struct rp_name rp_own(const struct rp_query_plan *program, const char *name) {
    struct rp_name own;
    bool taken = false;
    for (size_t i = 0; i < program->part_count; i++)
        taken |= is_taken_in(&program->parts[i], name);
    taken |= !program->part_count && is_taken_in(program, name);
    snprintf(own.text, sizeof(own.text), "%s%s", name, taken ? "_" : "");
    return own;
}

/* ------------------------------------------------------------------ structs */

/* How the value is declared in a struct; malloc()ed. */
static char *declare_member(const struct rp_value *value) {
    if (value->variable && value->variable->words)
        return rp_text("u64 %s[%u]", value->member, value->variable->words);
    if (value->variable)
        return rp_c_type_declare(value->variable->type, value->member);
    const struct rp_node *node = value->node;
    if (node->is_text)
        return rp_text("char %s[%u]", value->member, value->capacity);
    bool wider = value->type && value->type != node->type;
    char *of_enum = wider ? NULL : rp_declare_enum_member(value);
    if (of_enum)
        return of_enum;
    return rp_c_is_address(node->type) && node->type->kind != RP_C_ARRAY
               ? rp_text("void *%s", value->member)
               : rp_c_type_declare(value->type ? value->type : node->type, value->member);
}

bool rp_values_may_fail(const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++)
        if (values->items[i].may_fail || (!values->items[i].variable && values->items[i].node &&
                                          rp_node_may_fail(values->items[i].node)))
            return true;
    return false;
}

void rp_write_members(const struct rp_query_plan *p, const struct rp_values *values) {
    bool may_fail = rp_values_may_fail(values);
    p->writing->uses |= may_fail ? RP_USES_UNREAD : 0;
    if (may_fail)
        fputs("    " RP_TYPE_UNREAD " unread; /* bits of those that could not be read */\n",
              p->out);
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *value = &values->items[i];
        RP_AUTO_FREE char *member = declare_member(value);
        bool has_size = value->node && rp_node_is_bytes(value->node);
        p->writing->uses |= has_size ? RP_USES_SIZE : 0;
        if (has_size)
            fprintf(p->out, "    " RP_TYPE_SIZE " %s_size;\n", value->member);
        fprintf(p->out, "    %s;", member ? member : "");
        p->writing->nomem |= !member;
        if (strcmp(value->member, value->text) != 0 && !strstr(value->text, "*/"))
            fprintf(p->out, " /* %s */", value->text);
        fputs("\n", p->out);
    }
}

bool rp_has_key(const struct rp_query_plan *p) {
    return p->by_match || p->keys.count || rp_has_interval(p);
}

/* Text is copied by words where the compiler knows it to be aligned, else byte by byte, which is
 * too much for a program. */
static void end_struct(const struct rp_query_plan *p, const struct rp_values *values) {
    bool text = false;
    for (size_t i = 0; i < values->count; i++)
        text |= values->items[i].capacity > 0;
    fputs(text ? "} __attribute__((aligned(8)));\n" : "};\n", p->out);
}

void rp_write_key_type(const struct rp_query_plan *p, const char *last_member) {
    fputs("struct key {\n", p->out);
    if (p->by_match)
        fputs("    u64 place; /* number of the attach point */\n", p->out);
    rp_write_interval_member(p);
    rp_write_members(p, &p->keys);
    if (last_member)
        fprintf(p->out, "    %s\n", last_member);
    end_struct(p, &p->keys);
}

static bool any_again(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->terms.count; i++)
        if (p->terms.items[i].again)
            return true;
    return false;
}

/* Functions call each other: where on the stack a call is tells those of one task apart. */
static bool has_frame(const struct rp_query_plan *p) {
    return !p->is_span && p->points[0].spec.kind->write_frame;
}

static void write_call_type(const struct rp_query_plan *p) {
    if (has_frame(p) && !p->has_call_type)
        fputs("/* A call: whose, and where on the stack. */\nstruct call {\n    u64 task, "
              "frame;\n};\n",
              p->out);
    if (p->has_call_maps)
        return;
    fprintf(p->out,
            "BPF_ARRAY(" RP_MAP_UNKEPT ", u64, 1); /* calls: `%s` was full */\n"
            "BPF_ARRAY(" RP_MAP_UNRETURNED ", u64, 1); /* calls: the return was not seen */\n",
            p->map);
}

static void write_saved(const struct rp_query_plan *p) {
    const char *key = has_frame(p) ? "struct call" : "u64", *by = p->match[0]
                                                                      ? "what both have in common"
                                                                  : has_frame(p) ? "call"
                                                                                 : "task";
    write_call_type(p);
    if (!p->saved.count) {
        fprintf(p->out, "BPF_HASH(%s, %s, u64); /* when the call began, by %s; ns */\n", p->map,
                key, by);
        return;
    }
    fprintf(p->out, "/* Saved at the entry for the return, by %s. */\nstruct %s {\n", by, p->map);
    if (p->timed)
        fputs("    u64 ns;\n", p->out);
    if (any_again(p))
        fputs("    u32 open; /* bits of conditions that could not be read */\n", p->out);
    rp_write_members(p, &p->saved);
    end_struct(p, &p->saved);
    fprintf(p->out, "BPF_HASH(%s, %s, struct %s);\n", p->map, key, p->map);
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
    else {
        p->writing->nomem |= !rp_write_build(&function);
        point->spec.kind->write_head(&function);
    }
}

/* ------------------------------------------------------------------ names in a function */

/* It may lead elsewhere by now. */
static void write_kept(const struct rp_query_plan *p, const struct rp_function_text *function,
                       const char *argument) {
    const char *count = function->spec->kind->write_kept(function, argument);
    if (count)
        rp_reads_limit(&p->writing->reads, argument, count);
}

/* How many elements it leads to, where its kind knows. */
static void write_count(const struct rp_query_plan *p, const struct rp_function_text *function,
                        const char *argument) {
    const struct rp_probe_kind *kind = function->spec->kind;
    const char *count = kind->write_count ? kind->write_count(function, argument) : NULL;
    if (count)
        rp_reads_limit(&p->writing->reads, argument, count);
}

/* What the entry saved for the return, where that does not have it itself. */
static void write_saved_arguments(const struct rp_query_plan *p, size_t s) {
    if (!p->pair || s != 1 || (!p->is_span && p->points[s].spec.kind->has_parameters))
        return;
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    for (size_t i = 0; i < p->saved.count; i++) {
        const struct rp_value *value = &p->saved.items[i];
        if (!value->variable || !is_read(p, 1, value->variable->name))
            continue;
        RP_AUTO_FREE char *local =
            value->variable->words
                ? rp_text("void *%s", value->variable->name)
                : rp_c_type_declare(value->variable->type, value->variable->name);
        fprintf(p->out, "    %s = %s.%s;\n", local ? local : "", rp_own(p, "at").text,
                value->member);
        p->writing->nomem |= !local;
        if (value->variable->unread)
            fprintf(p->out, "    int %s = %s.unread & %u;\n", value->variable->unread,
                    rp_own(p, "at").text, 1U << i);
        if (!p->is_span && function.spec->kind->write_kept &&
            rp_c_is_address(value->variable->type))
            write_kept(p, &function, value->variable->name);
    }
}

/* What is no parameter of the function. */
static void write_arguments(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    const struct rp_probe_kind *kind = point->spec.kind;
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    for (size_t i = 0; i < point->arguments->readable && kind->write_argument; i++)
        if (is_read(p, s, point->arguments->list[i].name)) {
            kind->write_argument(&function, i);
            write_count(p, &function, point->arguments->list[i].name);
        }
    if (kind->has_parameters)
        rp_write_copied(&function);
    bool has_own_ret = rp_argument_find(p->points[p->is_span ? s : 0].arguments, "ret");
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

void rp_write_user_stack(FILE *out, const char *context, const char *name, const char *member) {
    fprintf(out,
            "    %s%s = unwound_stack();\n"
            "    if (%s%s == -ENOSYS) /* by frame pointers */\n"
            "        %s%s = stacks.get_stackid(%s, BPF_F_USER_STACK);\n",
            name, member, name, member, name, member, context);
}

static void write_stack(const struct rp_query_plan *p, size_t s, const char *name) {
    bool user = *name == 'u' || (*name == 's' && rp_plan_has_user_stack(p));
    if (!user) {
        fprintf(p->out, "    int %s = stacks.get_stackid(%s, 0);\n", name, rp_context(p, s));
        return;
    }
    fprintf(p->out, "    int %s;\n", name);
    rp_write_user_stack(p->out, rp_context(p, s), name, "");
    fputs("    see_process(bpf_get_current_pid_tgid() >> 32);\n", p->out);
    p->writing->uses |= RP_USES_SEE_PROCESS;
}

static bool reads_builtin(const struct rp_query_plan *p, size_t s, const char *name) {
    return is_read(p, s, name) && rp_plan_knows_builtin(p, s, name);
}

static void write_builtins(const struct rp_query_plan *p, size_t s) {
    for (size_t i = 0; i < RP_COUNT(builtins); i++)
        if (reads_builtin(p, s, builtins[i].name))
            write_builtin(p, s, &builtins[i]);
    if (reads_builtin(p, s, "comm")) {
        fputs("    char comm[16] = {}; /* a key is all of it */\n", p->out);
        write_comm(p, s, "comm");
        rp_reads_know(&p->writing->reads, "comm", "comm", NULL);
    }
    if (p->pair && s == 1 && !p->match[0] && reads_builtin(p, s, RP_DURATION))
        rp_write_local(p->out, "u64", RP_DURATION, rp_own(p, "ns").text);
    static const char *const stacks[] = {"stack", "kstack", "ustack"};
    for (size_t i = 0; i < RP_COUNT(stacks); i++)
        if (reads_builtin(p, s, stacks[i]))
            write_stack(p, s, stacks[i]);
}

/* ------------------------------------------------------------------ conditions */

static void write_leave(const struct rp_query_plan *p, const char *unless) {
    struct rp_reads *reads = &p->writing->reads;
    int indent = 4 * (int)(reads->blocks + 1);
    if (reads->missed)
        fprintf(p->out,
                "%*sif (%s) {\n"
                "%*s    if (%s)\n"
                "%*s        unread_condition.atomic_increment(0);\n"
                "%*s    return 0;\n"
                "%*s}\n",
                indent, "", unless, indent, "", reads->missed, indent, "", indent, "", indent, "");
    else
        fprintf(p->out, "%*sif (%s)\n%*s    return 0;\n", indent, "", unless, indent, "");
    reads->missed = NULL;
}

static void begin_term(const struct rp_query_plan *p, const struct rp_term *term) {
    struct rp_reads *reads = &p->writing->reads;
    if (!rp_node_may_fail(term->node))
        return;
    reads->missed = rp_reads_name(reads, "missed");
    rp_reads_indent(reads);
    fprintf(p->out, "int %s = 0;\n", reads->missed);
}

static void write_term(const struct rp_query_plan *p, const struct rp_term *term) {
    begin_term(p, term);
    write_leave(p, rp_reads_unless(&p->writing->reads, term->node).text);
}

/* What could not be read is asked again at the return. */
static void write_first_try(const struct rp_query_plan *p, size_t i) {
    struct rp_reads *reads = &p->writing->reads;
    begin_term(p, &p->terms.items[i]);
    const char *missed = reads->missed;
    struct rp_code is = rp_reads_condition(reads, p->terms.items[i].node);
    p->writing->is[i] = rp_reads_name(reads, "is");
    fprintf(p->out,
            "    bool %s = %s;\n"
            "    if (!%s && !%s)\n"
            "        return 0;\n",
            p->writing->is[i], is.text, p->writing->is[i], missed);
    reads->missed = NULL;
}

static void write_second_try(const struct rp_query_plan *p, size_t i) {
    struct rp_reads *reads = &p->writing->reads;
    char open[96];
    snprintf(open, sizeof(open), "%s.open & %u", rp_own(p, "at").text, 1U << i);
    rp_reads_if(reads, open);
    write_term(p, &p->terms.items[i]);
    rp_reads_close(reads);
}

/* At the entry of a pair, at its return, or (neither) where there is none. */
static void write_terms(const struct rp_query_plan *p, bool entry, bool at_return) {
    for (size_t i = 0; i < p->terms.count; i++) {
        const struct rp_term *term = &p->terms.items[i];
        if (term->again && entry)
            write_first_try(p, i);
        else if (term->again && at_return)
            write_second_try(p, i);
        else if (is_asked(p, term, entry))
            write_term(p, term);
    }
}

/* ------------------------------------------------------------------ a function's beginning */

/* What both ends have in common, as a number. */
static void write_match(const struct rp_query_plan *p, size_t s) {
    struct rp_code code = rp_reads_value(&p->writing->reads, p->match[s]);
    if (code.unread)
        fprintf(p->out,
                "    if (%s) {\n"
                "        unread_match.atomic_increment(0);\n"
                "        return 0;\n"
                "    }\n",
                code.unread);
    RP_AUTO_FREE char *value = rp_text("(u64)%s", rp_code_operand(&p->writing->reads, &code));
    rp_write_local(p->out, "u64", rp_own(p, "call").text, value ? value : "");
}

/* Which call it is: exec gives a task another id, and a dead task's may be another's. */
static void write_call(const struct rp_query_plan *p, size_t s) {
    struct rp_name call = rp_own(p, "call");
    if (!has_frame(p)) {
        rp_write_local(p->out, "u64", call.text, "bpf_get_current_task()");
        return;
    }
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    fprintf(p->out, "    struct call %s = {bpf_get_current_task(), ", call.text);
    p->points[s].spec.kind->write_frame(&function);
    fputs("};\n", p->out);
}

/* A task has died in it, or the kernel has missed its return: this one's is not to be taken for it.
 */
static void write_forget(const struct rp_query_plan *p) {
    struct rp_name call = rp_own(p, "call");
    fprintf(p->out,
            "    if (%s.lookup(&%s)) { /* of an earlier call, that nothing told the return of */\n"
            "        " RP_MAP_UNRETURNED ".atomic_increment(0);\n"
            "        %s.delete(&%s);\n"
            "    }\n",
            p->map, call.text, p->map, call.text);
}

bool rp_plan_sees_refusals(const struct rp_query_plan *p) {
    return p->pair && !p->is_span && !p->match[0] && p->points[1].spec.kind->may_lack_entry;
}

bool rp_plan_asks_at_entry(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->terms.count; i++)
        if (is_asked(p, &p->terms.items[i], true))
            return true;
    return false;
}

/* The call began before the probe, or it has no entry. */
static void write_not_found(const struct rp_query_plan *p, const char *found) {
    if (!rp_plan_sees_refusals(p)) {
        fprintf(p->out, "    if (!%s)\n        return 0; /* the call began before the probe */\n",
                found);
        return;
    }
    p->writing->uses |= RP_USES_REFUSED_CALL;
    fprintf(p->out,
            "    if (!%s) { /* the call began before the probe, or has no entry */\n"
            "        if (refused_call(%s->%s, NULL)%s%s) /* by a seccomp filter */\n"
            "            " RP_MAP_REFUSED ".atomic_increment(0);\n"
            "        return 0;\n"
            "    }\n",
            found, rp_context(p, 1), p->points[1].spec.kind->result_member,
            p->question->ask_target ? " && is_target()" : "",
            p->question->skip_self ? " && !is_self()" : "");
}

static void write_lookup(const struct rp_query_plan *p) {
    struct rp_name found = rp_own(p, "found"), call = rp_own(p, "call"), at = rp_own(p, "at"),
                   ns = rp_own(p, "ns");
    FILE *out = p->out;
    if (p->saved.count)
        fprintf(out, "    struct %s *%s = %s.lookup(&%s);\n", p->map, found.text, p->map,
                call.text);
    else
        fprintf(out, "    u64 *%s = %s.lookup(&%s);\n", found.text, p->map, call.text);
    write_not_found(p, found.text);
    if (p->saved.count)
        fprintf(out, "    struct %s %s = *%s;\n", p->map, at.text, found.text);
    if (p->timed)
        fprintf(out, "    u64 %s = bpf_ktime_get_ns() - %s%s;\n", ns.text,
                p->saved.count ? at.text : "*", p->saved.count ? ".ns" : found.text);
    fprintf(out, "    %s.delete(&%s);\n", p->map, call.text);
}

static void write_target(const struct rp_query_plan *p, size_t s) {
    const char *task = p->points[s].task;
    if (!task)
        fputs("    if (!is_target())\n        return 0;\n", p->out);
    else if (*task)
        fprintf(p->out, "    if (!is_target_task(%s))\n        return 0;\n", task);
}

static bool is_taken(void *ctx, const char *name) {
    const struct rp_writing *writing = ctx;
    return is_declared(writing->plan, writing->point, name);
}

/* Steps that several values share are read once. */
static void expect(const struct rp_query_plan *p, const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++)
        if (values->items[i].node)
            rp_reads_expect(&p->writing->reads, values->items[i].node);
}

static void begin_reads(const struct rp_query_plan *p, size_t s) {
    struct rp_writing *writing = p->writing;
    rp_reads_begin(&writing->reads, p->out, p->scope.scope.types);
    writing->plan = p;
    writing->point = s;
    writing->reads.is_taken = is_taken;
    writing->reads.ctx = writing;
}

/* A bit field is kept as its type has it, and C calculates with another one. */
static char *kept_text(const char *at, const struct rp_value *value) {
    const struct rp_node *node = value->node;
    RP_AUTO_FREE char *type =
        node->bits ? rp_c_type_code(rp_c_promoted(node->type, node->bits)) : NULL;
    return type ? rp_text("((%s)%s.%s)", type, at, value->member)
                : rp_text("%s.%s", at, value->member);
}

/* What was kept of the entry. */
static void know_kept(const struct rp_query_plan *p) {
    struct rp_name at = rp_own(p, "at");
    for (size_t i = 0; i < p->saved.count; i++) {
        const struct rp_value *value = &p->saved.items[i];
        char unread[128];
        if (!value->key)
            continue;
        RP_AUTO_FREE char *text = kept_text(at.text, value);
        snprintf(unread, sizeof(unread), "(%s.unread & %u)", at.text, 1U << i);
        p->writing->nomem |= !text;
        rp_reads_know(&p->writing->reads, value->key, text ? text : "0",
                      rp_node_may_fail(value->node) ? unread : NULL);
    }
}

static void expect_all(const struct rp_query_plan *p, bool entry) {
    for (size_t i = 0; i < p->terms.count; i++)
        if (is_asked(p, &p->terms.items[i], entry) && !p->terms.items[i].again)
            rp_reads_expect(&p->writing->reads, p->terms.items[i].node);
    if (entry) {
        expect(p, &p->saved);
        return;
    }
    expect(p, &p->columns);
    expect(p, &p->keys);
    if (p->number.node)
        rp_reads_expect(&p->writing->reads, p->number.node);
    if (p->until)
        rp_reads_expect(&p->writing->reads, p->until);
}

static void write_found(const struct rp_query_plan *p) {
    write_lookup(p);
    know_kept(p);
}

/* Which one it is has to be read first. */
static void write_matched(const struct rp_query_plan *p, size_t s) {
    write_match(p, s);
    if (!s) {
        write_forget(p);
        return;
    }
    write_found(p);
    if (is_read(p, s, RP_DURATION))
        rp_write_local(p->out, "u64", RP_DURATION, rp_own(p, "ns").text);
    write_saved_arguments(p, s);
}

void rp_write_begin(const struct rp_query_plan *p, size_t s) {
    bool entry = p->pair && s == 0, at_return = p->pair && s == 1;
    begin_reads(p, s);
    write_head(p, s);
    bool matching = p->match[0];
    if (p->pair && !matching)
        write_call(p, s);
    if (entry && !matching)
        write_forget(p);
    if (p->question->skip_self && !at_return && !matching)
        rp_write_skip_self(p, s);
    if (p->question->ask_target && !at_return && !matching)
        write_target(p, s);
    if (at_return && !matching)
        write_found(p);
    write_arguments(p, s);
    if (!matching)
        write_saved_arguments(p, s);
    write_builtins(p, s);
    expect_all(p, entry);
    if (matching)
        write_matched(p, s);
    write_terms(p, entry, at_return);
    if (!entry)
        rp_write_limits(p);
}

void rp_write_row(const struct rp_query_plan *p, size_t s, const char *record) {
    const struct function own = {p, s};
    const struct rp_function_text function = describe(&own);
    p->points[s].spec.kind->write_row(&function, record);
}

void rp_write_end(const struct rp_query_plan *p) {
    p->writing->uses |= p->writing->reads.uses;
    p->writing->nomem |= p->writing->reads.nomem;
    fputs("    return 0;\n}\n", p->out);
}

/* ------------------------------------------------------------------ values */

/* Where values are written to. */
struct place {
    const struct rp_values *values;
    const char *target; /* "event->" */
    bool counts;        /* what could not be read */
};

/* One more was read; and "if (err_3) {", a mark and one more that failed. */
static void write_mark(const struct rp_query_plan *p, const char *unread, const struct place *place,
                       size_t i) {
    if (!unread)
        return;
    const char *name = place->counts ? place->values->items[i].member : NULL;
    if (name) {
        rp_reads_indent(&p->writing->reads);
        fprintf(p->out, "unread_%s.atomic_increment(1);\n", name);
    }
    rp_reads_if(&p->writing->reads, unread);
    rp_reads_indent(&p->writing->reads);
    fprintf(p->out, "%sunread |= %u;\n", place->target, 1U << i);
    if (name) {
        rp_reads_indent(&p->writing->reads);
        fprintf(p->out, "unread_%s.atomic_increment(0);\n", name);
    }
    rp_reads_close(&p->writing->reads);
}

/* Text that was not in memory at the entry, but may be by now; what says whether it is not. */
static const char *write_again(const struct rp_query_plan *p, const struct rp_value *value,
                               const char *to, const char *unread) {
    const struct rp_node *again = rp_plan_again(p, value->node);
    struct rp_reads *reads = &p->writing->reads;
    if (!again || !unread)
        return unread;
    const char *err = rp_reads_name(reads, "err");
    rp_reads_indent(reads);
    fprintf(p->out, "int %s = %s;\n", err, unread);
    rp_reads_indent(reads);
    fprintf(p->out, "if (%s) { /* it was not in memory */\n", err);
    reads->blocks++;
    unread = rp_reads_into(reads, again, to, value->capacity);
    rp_reads_indent(reads);
    fprintf(p->out, "%s = %s;\n", err, unread);
    rp_reads_close(reads);
    return err;
}

/* Each value's own steps are in a block of their own, so that the stack has room for those of all.
 */
static void write_value(const struct rp_query_plan *p, size_t s, const struct place *place,
                        size_t i) {
    struct rp_reads *reads = &p->writing->reads;
    const struct rp_value *value = &place->values->items[i];
    char to[128];
    snprintf(to, sizeof(to), "%s%s", place->target, value->member);
    for (unsigned word = 0; value->variable && word < value->variable->words; word++)
        fprintf(p->out, "    %s[%u] = %s_words[%u];\n", to, word, value->variable->name, word);
    if (value->variable && value->variable->words)
        return;
    if (value->variable) {
        fprintf(p->out, "    %s = %s%s;\n", to,
                rp_c_is_address(value->variable->type) ? "(void *)" : "", value->variable->name);
        return;
    }
    if (rp_node_is_comm(value->node) && p->points[s].task) {
        write_comm(p, s, to);
        return;
    }
    rp_reads_shared(reads, value->node);
    bool kept = rp_plan_kept(p, value->node) && !rp_plan_again(p, value->node);
    bool block = place->values->count > 1 && rp_node_may_fail(value->node) && !kept;
    if (block)
        rp_reads_open(reads);
    const char *unread = place->values == &p->keys
                             ? rp_reads_key(reads, value->node, to, value->capacity)
                             : rp_reads_into(reads, value->node, to, value->capacity);
    write_mark(p, write_again(p, value, to, unread), place, i);
    if (block)
        rp_reads_close(reads);
}

void rp_write_values(const struct rp_query_plan *p, size_t s, const struct rp_values *values,
                     const char *target) {
    const struct place place = {.values = values, .target = target, .counts = values != &p->saved};
    for (size_t i = 0; i < values->count; i++)
        if (!values->items[i].is_absent)
            write_value(p, s, &place, i);
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
    rp_write_interval(p, key.text);
    rp_write_values(p, s, &p->keys, target);
}

static void write_entry(const struct rp_query_plan *p) {
    struct rp_name at = rp_own(p, "at"), call = rp_own(p, "call");
    FILE *out = p->out;
    rp_write_begin(p, 0);
    if (p->saved.count) {
        fprintf(out, "    struct %s %s = {};\n", p->map, at.text);
        char target[80];
        snprintf(target, sizeof(target), "%s.", at.text);
        rp_write_values(p, 0, &p->saved, target);
        for (size_t i = 0; i < p->terms.count; i++)
            if (p->terms.items[i].again)
                fprintf(out, "    if (!%s)\n        %s.open |= %u;\n", p->writing->is[i], at.text,
                        1U << i);
        if (p->timed)
            fprintf(out, "    %s.ns = bpf_ktime_get_ns();\n", at.text);
    } else {
        rp_write_local(p->out, "u64", at.text, "bpf_ktime_get_ns()");
    }
    fprintf(out,
            "    if (%s.update(&%s, &%s))\n"
            "        " RP_MAP_UNKEPT ".atomic_increment(0);\n",
            p->map, call.text, at.text);
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
