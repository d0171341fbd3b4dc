/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/btf.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "util/vec.h"

void rp_arguments_free(struct rp_arguments *arguments) {
    if (!arguments)
        return;
    for (size_t i = 0; i < arguments->count; i++) {
        free((char *)arguments->list[i].name);
        free((char *)arguments->list[i].type);
        free(arguments->list[i].missing);
    }
    free(arguments->list);
    free(arguments->typed.missing);
    free(arguments->untyped);
    free(arguments->source);
    free((char *)arguments->result);
    free(arguments);
}

const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name) {
    for (size_t i = 0; i < arguments->count; i++)
        if (!strcmp(arguments->list[i].name, name))
            return &arguments->list[i];
    return NULL;
}

struct rp_error *rp_arguments_add(struct rp_arguments *arguments, char *name, char *type) {
    RP_VEC(struct rp_argument) all = {arguments->list, arguments->count, arguments->count};
    if (!name || !type ||
        !rp_vec_push(&all, ((struct rp_argument){.name = name, .type = type, .words = 1}))) {
        free(name);
        free(type);
        return rp_error_nomem();
    }
    arguments->list = all.items;
    arguments->readable = arguments->count = all.count;
    return NULL;
}

static char *numbered(size_t i) {
    return rp_text("arg%zu", i);
}

/* The number of arguments that are in registers on every architecture. */
struct rp_error *rp_arguments_add_unknown(struct rp_arguments *arguments) {
    for (size_t i = 0; i < 6; i++)
        RP_TRY(rp_arguments_add(arguments, numbered(i), strdup("long")));
    arguments->result = strdup("long");
    return arguments->result ? NULL : rp_error_nomem();
}

struct rp_error *rp_arguments_add_prototype(struct rp_arguments *arguments,
                                            const struct rp_btf *btf, uint32_t proto,
                                            unsigned first) {
    const struct btf_type *t = rp_btf_type(btf, proto);
    const struct btf_param *p = btf_params(t);
    arguments->known = true;
    for (unsigned i = first; i < btf_vlen(t); i++) {
        const char *name = rp_btf_string(btf, p[i].name_off);
        if (!p[i].type) /* "…" */
            break;
        RP_TRY(rp_arguments_add(arguments, *name ? strdup(name) : numbered(i - first),
                                rp_type_declaration(btf, p[i].type)));
        rp_argument_set_words(&arguments->list[arguments->count - 1], btf, p[i].type);
    }
    if (!t->type)
        return NULL;
    arguments->result = rp_type_declaration(btf, t->type);
    return arguments->result ? NULL : rp_error_nomem();
}

uint32_t rp_kernel_prototype(const char *name, const struct rp_btf *modules,
                             const struct rp_btf **in) {
    uint32_t id = 0;
    *in = rp_kernel_types_or_null();
    if (*in)
        id = rp_btf_find(*in, name, BTF_KIND_FUNC);
    for (const struct rp_btf *btf = modules; btf && !id; btf = btf->next) {
        id = rp_btf_find(btf, name, BTF_KIND_FUNC);
        *in = btf;
    }
    return id ? rp_btf_type(*in, id)->type : 0;
}

struct rp_error *rp_arguments_of_spec(const struct rp_spec *spec, struct rp_arguments **out) {
    RP_AUTO_ARGUMENTS struct rp_arguments *arguments = calloc(1, sizeof(*arguments));
    if (!arguments)
        return rp_error_nomem();
    if (spec->kind->arguments)
        RP_TRY(spec->kind->arguments(spec, arguments));
    else
        arguments->known = true; /* there are none */
    *out = rp_take(arguments);
    return NULL;
}

char *rp_arguments_declare(const struct rp_arguments *arguments, size_t count) {
    char *list = strdup("");
    for (size_t i = 0; list && i < count && i < arguments->count; i++) {
        if (arguments->list[i].is_spare)
            continue;
        RP_AUTO_FREE char *one = rp_type_declare(arguments->list[i].type, arguments->list[i].name);
        rp_text_list(&list, one);
    }
    return list;
}

char *rp_arguments_signature(const char *spec, const struct rp_arguments *arguments) {
    RP_AUTO_FREE char *list = rp_arguments_declare(arguments, arguments->count);
    char *text = NULL;
    if (!list || asprintf(&text, "%s(%s)", spec, arguments->known ? list : "") < 0)
        return NULL;
    return text;
}

/* ------------------------------------------------------------------ the C of a function there */

bool rp_function_reads(const struct rp_function_text *f, const char *name) {
    return f->reads(f->ctx, name);
}

static bool has_result(const struct rp_function_text *f) {
    return f->spec->kind->result == RP_RESULT_PARAMETER && rp_function_reads(f, "ret");
}

size_t rp_function_parameters(const struct rp_function_text *f) {
    size_t count = 0;
    if (has_result(f))
        return f->arguments->readable;
    for (size_t i = 0; i < f->arguments->readable; i++)
        if (rp_function_reads(f, f->arguments->list[i].name))
            count = i + 1;
    return count;
}

bool rp_function_is_macro(const struct rp_function_text *f, const char *context) {
    return f->names_itself && !rp_function_reads(f, context);
}

void rp_write_target(const struct rp_function_text *f) {
    const struct rp_spec *spec = f->spec;
    if (f->neutral)
        fputs("PLACE", f->out);
    else
        fprintf(f->out, "%s%s%s", spec->category ? spec->category : "", spec->category ? ", " : "",
                spec->target);
}

/* Of a register the conventions say only what a bool's byte in it is. */
static bool is_bool(const char *type) {
    return !strcmp(type, "bool") || !strcmp(type, "_Bool");
}

static void write_parameter(const struct rp_function_text *f, const char *type, const char *name) {
    RP_AUTO_FREE char *one = rp_type_declare(type, name);
    if (is_bool(type))
        fprintf(f->out, ", u64 %s_value", name);
    else
        fprintf(f->out, ", %s", one ? one : "");
}

static void write_bool(const struct rp_function_text *f, const char *name) {
    RP_AUTO_FREE char *value = rp_text("(u8)%s_value", name);
    rp_write_local(f->out, "bool", name, value ? value : "0");
}

/* The words of what is copied are parameters of their own. */
static void write_words(const struct rp_function_text *f, const struct rp_argument *argument) {
    for (unsigned word = 0; word < argument->words; word++)
        fprintf(f->out, word ? ", u64 %s_value_%u" : ", u64 %s_value", argument->name, word + 1);
}

void rp_write_parameters(const struct rp_function_text *f) {
    size_t count = rp_function_parameters(f);
    for (size_t i = 0; i < count; i++) {
        const struct rp_argument *argument = &f->arguments->list[i];
        bool taken = !strcmp(argument->name, "ctx") && !rp_function_reads(f, "ctx");
        if (argument->on_stack)
            continue;
        if (argument->is_copied)
            write_words(f, argument);
        else
            write_parameter(f, argument->type, taken ? "ctx_" : argument->name);
    }
    if (has_result(f) && f->arguments->result)
        write_parameter(f, f->arguments->result, "ret");
}

static void write_copy(const struct rp_function_text *f, const struct rp_argument *argument) {
    const char *name = argument->name;
    if (argument->words == 1) {
        fprintf(f->out, "    __builtin_memcpy(&%s, &%s_value, sizeof(%s));\n", name, name, name);
        return;
    }
    fprintf(f->out, "    u64 %s_values[] = {%s_value", name, name);
    for (unsigned word = 1; word < argument->words; word++)
        fprintf(f->out, ", %s_value_%u", name, word + 1);
    fprintf(f->out, "};\n    __builtin_memcpy(&%s, %s_values, sizeof(%s));\n", name, name, name);
}

void rp_write_copied(const struct rp_function_text *f) {
    for (size_t i = 0; i < rp_function_parameters(f); i++) {
        const struct rp_argument *argument = &f->arguments->list[i];
        const char *name = argument->name;
        bool is_whole = !argument->is_copied && !argument->on_stack;
        if (!rp_function_reads(f, name) || (is_whole && !is_bool(argument->type)))
            continue;
        if (is_whole) {
            write_bool(f, name);
            continue;
        }
        RP_AUTO_FREE char *declared = rp_type_declare(argument->type, name);
        fprintf(f->out, "    %s;\n", declared ? declared : "");
        if (argument->on_stack)
            fprintf(f->out,
                    "    bpf_probe_read_kernel(&%s, sizeof(%s), (void *)(PT_REGS_SP(%s) + %u)); /* "
                    "on the stack */\n",
                    name, name, f->context, rp_arch.registers.pushed + argument->offset);
        else
            write_copy(f, argument);
    }
    if (has_result(f) && f->arguments->result && is_bool(f->arguments->result))
        write_bool(f, "ret");
}

void rp_write_local(FILE *out, const char *type, const char *name, const char *value) {
    RP_AUTO_FREE char *declared = rp_type_declare(type, name);
    fprintf(out, "    %s = %s;\n", declared ? declared : "", value);
}

/* ------------------------------------------------------------------ registers */

void rp_write_registers_head(const struct rp_function_text *f) {
    fprintf(f->out, "int %s(struct pt_regs *%s", f->name, f->context);
    if (f->spec->kind->has_parameters)
        rp_write_parameters(f);
    fputs(")\n{\n", f->out);
}

void rp_write_register_argument(const struct rp_function_text *f, size_t i, size_t number) {
    RP_AUTO_FREE char *value = rp_text("PT_REGS_PARM%zu(%s)", number + 1, f->context);
    const struct rp_argument *argument = &f->arguments->list[i];
    rp_write_local(f->out, argument->type, argument->name, value ? value : "0");
}

void rp_write_register_result(const struct rp_function_text *f) {
    const char *type = f->arguments->result;
    RP_AUTO_FREE char *cast = strchr(type, '*') ? rp_text("(%s)", type) : NULL;
    RP_AUTO_FREE char *value = rp_text("%sPT_REGS_RC(%s)",
                                       cast            ? cast
                                       : is_bool(type) ? "(u8)"
                                                       : "",
                                       f->context);
    rp_write_local(f->out, type, "ret", value ? value : "0");
}

/* Where a call puts its address on the stack, the return has taken it off. */
void rp_write_registers_frame(const struct rp_function_text *f) {
    fprintf(f->out, "PT_REGS_SP(%s)%s", f->context,
            f->spec->kind->is_return || !rp_arch.registers.pushed ? "" : " + sizeof(long)");
}
