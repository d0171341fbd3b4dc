/* SPDX-License-Identifier: Apache-2.0 */
/* The C of a function that runs where a probe is: how it begins, and how it reads what is there. */
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
    const char *context; /* what BPF's context is called in it */
    bool names_itself;   /* `name` says by the kind's convention where it belongs: so its macro,
                            which calls the context in its own way, can make the function */
    bool neutral;        /* what names attach points is left out */
    /* Whether the function reads what has that name. */
    bool (*reads)(const void *ctx, const char *name);
    const void *ctx;
};

bool rp_function_reads(const struct rp_function_text *function, const char *name);
/* Of a kind that has parameters: how many arguments are. They are told by their order, so that all
 * before one that is read are, too. */
size_t rp_function_parameters(const struct rp_function_text *function);
/* Whether the kind's macro will do: it calls the context `context`, which nothing else must be
 * called. */
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
/* From the register that an argument, or a result, is in. */
void rp_write_register_argument(const struct rp_function_text *function, size_t i);
void rp_write_register_result(const struct rp_function_text *function);

#endif
