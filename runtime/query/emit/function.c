/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a program: the functions that run at its places, and what they read there. */
#include <string.h>

#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ what is read where */

static bool is_comm(const struct rp_query_plan *p, const struct rp_value *value) {
    return !strcmp(value->text, "comm") && !rp_argument_find(rp_plan_entry(p)->arguments, "comm");
}

static bool values_read(const struct rp_query_plan *p, const struct rp_values *values, bool entry,
                        const char *name) {
    for (size_t i = 0; i < values->count; i++) {
        const struct rp_value *value = &values->list[i];
        /* It is asked for where it is written, into its place. */
        if (is_comm(p, value))
            continue;
        if ((!p->pair || value->at_entry == entry) && rp_reads(value->text, name))
            return true;
    }
    return false;
}

static bool terms_read(const struct rp_query_plan *p, bool entry, const char *name) {
    for (size_t i = 0; i < p->term_count; i++)
        if ((!p->pair || p->terms[i].at_entry == entry) && rp_reads(p->terms[i].text, name))
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

/* Arguments of a function are told by their order, so that all before one are named, too. */
static size_t parameter_count(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    size_t count = 0;
    if (rp_attach_point_is(point, &rp_fexit_kind) && is_read(p, s, "ret"))
        return point->readable;
    for (size_t i = 0; i < point->readable; i++)
        if (is_read(p, s, point->arguments->list[i].name))
            count = i + 1;
    return count;
}

static bool has_parameters(const struct rp_attach_point *point) {
    return rp_attach_point_is(point, &rp_kprobe_kind) ||
           rp_attach_point_is(point, &rp_fentry_kind) ||
           rp_attach_point_is(point, &rp_fexit_kind) || rp_attach_point_is(point, &rp_tp_btf_kind);
}

static bool is_declared(const struct rp_query_plan *p, size_t s, const char *name) {
    const struct rp_attach_point *point = &p->points[s];
    if (!has_parameters(point))
        return is_read(p, s, name);
    size_t count = parameter_count(p, s);
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
        const struct rp_value *value = &values->list[i];
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
        text |= values->list[i].is.shape == RP_SHAPE_TEXT;
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
        fprintf(p->out, "BPF_HASH(%s, u32, u64); /* when the call began, by thread; ns */\n", p->map);
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

static const char *function_name(const struct rp_query_plan *p, size_t s) {
    static const char *const neutral[] = {"PLACE", "PLACE_2", "PLACE_3", "PLACE_4"};
    if (!p->neutral || s >= RP_COUNT(neutral))
        return p->points[s].function;
    return neutral[s];
}

/* In a macro's parentheses: "sched, sched_switch". */
static void write_place(const struct rp_query_plan *p, size_t s) {
    const struct rp_spec *spec = &p->points[s].spec;
    if (p->neutral)
        fputs("PLACE", p->out);
    else
        fprintf(p->out, "%s%s%s", spec->category ? spec->category : "", spec->category ? ", " : "",
                spec->target);
}

static void write_parameters(const struct rp_query_plan *p, size_t s) {
    const struct rp_arguments *arguments = p->points[s].arguments;
    size_t count = parameter_count(p, s);
    for (size_t i = 0; i < count; i++) {
        /* The macros' own name for the context. */
        bool taken = !rp_attach_point_is(&p->points[s], &rp_kprobe_kind) &&
                     !strcmp(arguments->list[i].name, "ctx") && !is_read(p, s, "ctx");
        RP_AUTO_FREE char *one =
            rp_type_declare(arguments->list[i].type, taken ? "ctx_" : arguments->list[i].name);
        fprintf(p->out, ", %s", one ? one : "");
    }
    if (rp_attach_point_is(&p->points[s], &rp_fexit_kind) && is_read(p, s, "ret") &&
        arguments->result) {
        RP_AUTO_FREE char *result = rp_type_declare(arguments->result, "ret");
        fprintf(p->out, ", %s", result ? result : "");
    }
}

/* Whether BCC's macro for tracepoints will do: it calls the context `args`. */
static bool is_macro(const struct rp_query_plan *p, size_t s, const char *context) {
    return p->points[s].names_itself && !is_read(p, s, context);
}

const char *rp_context(const struct rp_query_plan *p, size_t s) {
    if (rp_attach_point_is(&p->points[s], &rp_tracepoint_kind))
        return is_read(p, s, "args") ? "event_args" : "args";
    return has_parameters(&p->points[s]) && is_read(p, s, "ctx") ? "regs" : "ctx";
}

/* Whether two tracepoints that have a field have it at the same place and of the same type is what
 * their formats say. */
static void write_layout(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    for (size_t i = 0; i < point->arguments->count; i++) {
        if (!is_read(p, s, point->arguments->list[i].name))
            continue;
        RP_AUTO_FREE char *field =
            rp_tracepoint_field(&point->spec, point->arguments->list[i].name);
        fprintf(p->out, "/* %s */\n", field ? field : "");
    }
}

static bool is_syscall_function(const struct rp_attach_point *point) {
    return !strncmp(point->function, "kprobe____x64_sys_", 18) ||
           !strncmp(point->function, "syscall__", 9);
}

static void write_head(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    const char *context = rp_context(p, s);
    FILE *out = p->out;
    if (p->neutral && rp_attach_point_is(point, &rp_tracepoint_kind))
        write_layout(p, s);
    if (p->neutral && is_syscall_function(point) && parameter_count(p, s))
        fputs("/* a syscall */\n", out);
    if (p->neutral && point->is_pattern)
        fprintf(out, "/* %s */\n", point->text);
    if (point->is_pattern) {
        fprintf(out, "int %s(void *ctx)\n{\n", function_name(p, s));
    } else if (rp_attach_point_is(point, &rp_fentry_kind) ||
               rp_attach_point_is(point, &rp_fexit_kind)) {
        fputs(rp_attach_point_is(point, &rp_fentry_kind) ? "KFUNC_PROBE(" : "KRETFUNC_PROBE(", out);
        write_place(p, s);
        write_parameters(p, s);
        fputs(")\n{\n", out);
    } else if (rp_attach_point_is(point, &rp_tp_btf_kind)) {
        fprintf(out, "BPF_PROG(%s", function_name(p, s));
        write_parameters(p, s);
        fputs(")\n{\n", out);
    } else if (rp_attach_point_is(point, &rp_tracepoint_kind) && is_macro(p, s, "args")) {
        fputs("TRACEPOINT_PROBE(", out);
        write_place(p, s);
        fputs(")\n{\n", out);
    } else if (rp_attach_point_is(point, &rp_tracepoint_kind)) {
        if (point->names_itself)
            fprintf(out, "int %s(struct %s *%s)\n{\n", function_name(p, s),
                    p->neutral ? "PLACE" : point->function, context);
        else
            fprintf(out, "int %s(void *%s)\n{\n", function_name(p, s), context);
    } else if (rp_attach_point_is(point, &rp_raw_tracepoint_kind) && is_macro(p, s, "ctx")) {
        fputs("RAW_TRACEPOINT_PROBE(", out);
        write_place(p, s);
        fputs(")\n{\n", out);
    } else if (rp_attach_point_is(point, &rp_raw_tracepoint_kind)) {
        fprintf(out, "int %s(struct bpf_raw_tracepoint_args *%s)\n{\n", function_name(p, s),
                context);
    } else if (rp_spec_is_kernel_function(&point->spec) || rp_spec_is_in_file(&point->spec)) {
        fprintf(out, "int %s(struct pt_regs *%s", function_name(p, s), context);
        if (rp_attach_point_is(point, &rp_kprobe_kind))
            write_parameters(p, s);
        fputs(")\n{\n", out);
    } else {
        fprintf(out, "int %s(struct bpf_perf_event_data *ctx)\n{\n", function_name(p, s));
    }
}

/* ------------------------------------------------------------------ names in a function */

static void write_local(const struct rp_query_plan *p, const char *type, const char *name,
                        const char *value) {
    RP_AUTO_FREE char *declared = rp_type_declare(type, name);
    fprintf(p->out, "    %s = %s;\n", declared ? declared : "", value);
}

static void write_field(const struct rp_query_plan *p, size_t s,
                        const struct rp_argument *argument) {
    const char *context = rp_context(p, s), *array = strchr(argument->type, '[');
    int length = (int)(array ? array - argument->type : (ptrdiff_t)strlen(argument->type));
    while (length && argument->type[length - 1] == ' ')
        length--;
    if (array && array[1] == ']') /* its place and length are in the field */
        fprintf(p->out, "    %.*s *%s = (void *)%s + (%s->data_loc_%s & 0xFFFF);\n", length,
                argument->type, argument->name, context, context, argument->name);
    else if (array)
        fprintf(p->out, "    %.*s *%s = %s->%s;\n", length, argument->type, argument->name, context,
                argument->name);
    else if (argument->type[length - 1] == '*')
        fprintf(p->out, "    %s%s = (%s)%s->%s;\n", argument->type, argument->name, argument->type,
                context, argument->name);
    else
        fprintf(p->out, "    %s %s = %s->%s;\n", argument->type, argument->name, context,
                argument->name);
}

static void write_argument(const struct rp_query_plan *p, size_t s, size_t i) {
    const struct rp_attach_point *point = &p->points[s];
    const struct rp_argument *argument = &point->arguments->list[i];
    char value[256];
    if (rp_attach_point_is(point, &rp_tracepoint_kind)) {
        write_field(p, s, argument);
        return;
    }
    if (rp_attach_point_is(point, &rp_raw_tracepoint_kind))
        snprintf(value, sizeof(value), "(%s)%s->args[%zu]", argument->type, rp_context(p, s), i);
    else if (rp_attach_point_is(point, &rp_usdt_kind))
        snprintf(value, sizeof(value), "0");
    else
        snprintf(value, sizeof(value), "PT_REGS_PARM%zu(%s)", i + 1, rp_context(p, s));
    write_local(p, argument->type, argument->name, value);
    if (rp_attach_point_is(point, &rp_usdt_kind))
        fprintf(p->out, "    bpf_usdt_readarg(%zu, %s, &%s);\n", i + 1, rp_context(p, s),
                argument->name);
}

static void write_arguments(const struct rp_query_plan *p, size_t s) {
    const struct rp_attach_point *point = &p->points[s];
    for (size_t i = 0; i < point->readable && !has_parameters(point); i++)
        if (is_read(p, s, point->arguments->list[i].name))
            write_argument(p, s, i);
    bool at_return = p->pair && s == 1;
    for (size_t i = 0;
         at_return && !rp_attach_point_is(point, &rp_fexit_kind) && i < p->saved.count; i++) {
        const struct rp_value *value = &p->saved.list[i];
        char saved[128];
        snprintf(saved, sizeof(saved), "%s.%s", rp_own(p, "at").text, value->member);
        if (value->argument && is_read(p, 1, value->text))
            write_local(p, value->is.type, value->text, saved);
    }
    bool has_own_ret = rp_argument_find(rp_plan_entry(p)->arguments, "ret");
    if (!has_own_ret && is_read(p, s, "ret") && point->arguments->result &&
        (rp_attach_point_is(point, &rp_kretprobe_kind) ||
         rp_attach_point_is(point, &rp_uretprobe_kind))) {
        char value[64];
        snprintf(value, sizeof(value), "PT_REGS_RC(%s)", rp_context(p, s));
        RP_AUTO_FREE char *cast = NULL;
        if (strchr(point->arguments->result, '*') &&
            asprintf(&cast, "(%s)%s", point->arguments->result, value) < 0)
            cast = NULL;
        write_local(p, point->arguments->result, "ret", cast ? cast : value);
    }
}

static void write_builtins(const struct rp_query_plan *p, size_t s) {
    static const struct {
        const char *name, *type, *value;
    } builtins[] = {
        {"pid", "u32", "bpf_get_current_pid_tgid() >> 32"},
        {"tid", "u32", "bpf_get_current_pid_tgid()"},
        {"uid", "u32", "bpf_get_current_uid_gid()"},
        {"cpu", "u32", "bpf_get_smp_processor_id()"},
        {"nsecs", "u64", "bpf_ktime_get_ns()"},
        {"cgroup", "u64", "bpf_get_current_cgroup_id()"},
    };
    const struct rp_arguments *arguments = rp_plan_entry(p)->arguments;
    for (size_t i = 0; i < RP_COUNT(builtins); i++)
        if (is_read(p, s, builtins[i].name) && !rp_argument_find(arguments, builtins[i].name) &&
            !(p->pair && !strcmp(builtins[i].name, "tid")))
            write_local(p, builtins[i].type, builtins[i].name, builtins[i].value);
    if (is_read(p, s, "comm") && !rp_argument_find(arguments, "comm"))
        fputs("    char comm[16];\n    bpf_get_current_comm(&comm, sizeof(comm));\n", p->out);
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
    bool in_file = rp_spec_is_in_file(&entry->spec);
    return entry->user_memory && (of_argument || in_file) ? "bpf_probe_read_user_str"
                                                          : "bpf_probe_read_str";
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
    for (size_t i = 0; i < term->operand_count; i++) {
        const struct rp_text_operand *c = &term->operands[i];
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
    fprintf(out, "    if (!%s)\n        return 0; /* the call began before the probe */\n", found.text);
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

void rp_write_begin(const struct rp_query_plan *p, size_t s) {
    bool entry = p->pair && s == 0, at_return = p->pair && s == 1;
    write_head(p, s);
    if (p->question->ask_target && !at_return)
        fputs("    if (!is_target())\n        return 0;\n", p->out);
    if (p->pair)
        write_local(p, "u32", rp_own(p, "tid").text, "bpf_get_current_pid_tgid()");
    if (p->pair && !is_tid_own(p) && is_read(p, s, "tid") &&
        !rp_argument_find(rp_plan_entry(p)->arguments, "tid"))
        write_local(p, "u32", "tid", "bpf_get_current_pid_tgid()");
    if (at_return)
        write_lookup(p);
    write_arguments(p, s);
    write_builtins(p, s);
    for (size_t i = 0; i < p->term_count; i++)
        if (!p->pair || p->terms[i].at_entry == entry)
            write_term(p, &p->terms[i]);
}

void rp_write_end(const struct rp_query_plan *p) {
    fputs("    return 0;\n}\n", p->out);
}

/* ------------------------------------------------------------------ values */

static const struct rp_value *find_saved(const struct rp_query_plan *p,
                                         const struct rp_value *value) {
    for (size_t i = 0; value->at_entry && i < p->saved.count; i++)
        if (!p->saved.list[i].argument && !strcmp(p->saved.list[i].text, value->text))
            return &p->saved.list[i];
    return NULL;
}

static void write_value(const struct rp_query_plan *p, const struct rp_value *value,
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
        fprintf(out, "    bpf_get_current_comm(&%s, sizeof(%s));\n", to, to);
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

void rp_write_values(const struct rp_query_plan *p, const struct rp_values *values,
                     const char *target) {
    for (size_t i = 0; i < values->count; i++)
        write_value(p, &values->list[i], target, p->pair);
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
    rp_write_values(p, &p->keys, target);
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
            write_value(p, &p->saved.list[i], target, false);
        if (p->timed)
            fprintf(out, "    %s.ns = bpf_ktime_get_ns();\n", at.text);
    } else {
        write_local(p, "u64", at.text, "bpf_ktime_get_ns()");
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
