/* SPDX-License-Identifier: Apache-2.0 */
/* The C of a function that runs at a probe: how it begins, and how it reads the arguments. */
#ifndef RP_PROBE_FUNCTION_TEXT_H
#define RP_PROBE_FUNCTION_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/arguments.h"
#include "probe/spec.h"

struct rp_function_text {
    FILE *out;
    const struct rp_spec *spec;
    const struct rp_arguments *arguments;
    const char *name;    /* the C function's */
    const char *context; /* the name of BPF's context in it */
    bool names_itself;   /* `name` follows the kind's convention, so the kind's macro, which has its
                            own name for the context, can make the function */
    bool neutral;        /* without anything that names attach points */
    /* Whether the function reads the argument of that name. */
    bool (*reads)(const void *ctx, const char *name);
    const void *ctx;
};

bool rp_function_reads(const struct rp_function_text *function, const char *name);
/* For a kind with parameters: how many arguments become parameters. Their order matters, so all
 * arguments before one that is read do, too. */
size_t rp_function_parameters(const struct rp_function_text *function);
/* Whether the kind's macro can be used: it names the context `context`, and nothing else may have
 * that name. */
bool rp_function_is_macro(const struct rp_function_text *function, const char *context);

/* ------------------------------------------------------------------ for kinds */

/* "sched, sched_switch", in a macro's parentheses. */
void rp_write_target(const struct rp_function_text *function);
/* ", int dfd, struct filename *name" */
void rp_write_parameters(const struct rp_function_text *function);
/* "    int dfd = VALUE;" */
void rp_write_local(FILE *out, const char *type, const char *name, const char *value);

/* "int NAME(struct pt_regs *ctx)\n{\n" */
void rp_write_registers_head(const struct rp_function_text *function);
/* Reads the register of an argument or of the return value. */
void rp_write_register_argument(const struct rp_function_text *function, size_t i);
void rp_write_register_result(const struct rp_function_text *function);

#endif
