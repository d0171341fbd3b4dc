/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/function_text.h"

#include <string.h>

#include "kernel/btf_text.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/text.h"

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

static void write_parameter(const struct rp_function_text *f, const char *type, const char *name) {
    RP_AUTO_FREE char *one = rp_type_declare(type, name);
    fprintf(f->out, ", %s", one ? one : "");
}

void rp_write_parameters(const struct rp_function_text *f) {
    size_t count = rp_function_parameters(f);
    for (size_t i = 0; i < count; i++) {
        const struct rp_argument *argument = &f->arguments->list[i];
        bool taken = !strcmp(argument->name, "ctx") && !rp_function_reads(f, "ctx");
        write_parameter(f, argument->type, taken ? "ctx_" : argument->name);
    }
    if (has_result(f) && f->arguments->result)
        write_parameter(f, f->arguments->result, "ret");
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

void rp_write_register_argument(const struct rp_function_text *f, size_t i) {
    RP_AUTO_FREE char *value = rp_text("PT_REGS_PARM%zu(%s)", i + 1, f->context);
    const struct rp_argument *argument = &f->arguments->list[i];
    rp_write_local(f->out, argument->type, argument->name, value ? value : "0");
}

void rp_write_register_result(const struct rp_function_text *f) {
    const char *type = f->arguments->result;
    bool pointer = strchr(type, '*');
    RP_AUTO_FREE char *value = rp_text("%s%s%sPT_REGS_RC(%s)", pointer ? "(" : "",
                                       pointer ? type : "", pointer ? ")" : "", f->context);
    rp_write_local(f->out, type, "ret", value ? value : "0");
}
