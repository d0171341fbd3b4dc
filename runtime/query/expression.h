/* SPDX-License-Identifier: Apache-2.0 */
/* What C expressions over a probe's arguments are, as clang and the running kernel's types say. */
#ifndef RP_QUERY_EXPRESSION_H
#define RP_QUERY_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rp_error;

enum rp_shape {
    RP_SHAPE_INT,     /* numbers, enums, bit fields, _Bool */
    RP_SHAPE_TEXT,    /* char * or char[], and names in unsigned char (d_name.name) */
    RP_SHAPE_POINTER, /* any other pointer or array, and functions */
    RP_SHAPE_STRUCT,  /* a struct or union by value */
};

struct rp_expression {
    const char *text; /* in: C */
    enum rp_shape shape;
    char type[128]; /* in C, with its typedefs ("u32", "umode_t", "char [16]"), but not const */
    unsigned size;  /* in bytes; of an array all of it, 0 where it is as long as it is */
    bool is_signed, is_array;
};

/* What every expression can name besides its probe's arguments. */
struct rp_builtin {
    const char *name;
    const char *type; /* in C, "char [16]" */
    const char *what; /* "the process" */
    bool of_task; /* it tells about a task: the one that runs, but where the probe is about another
                   */
};
/* Ended by a NULL name. The type of `ret` is the probe's to know: it is said here of those of which
 * nobody tells, and a parameter of that name overrides it. */
extern const struct rp_builtin rp_builtins[];

/* Fills in what each of `list` is. `parameters`: what the probe's function is declared with, or its
 * tracepoint's fields ("int dfd, struct filename *name, char comm[16]"), "" for none; one named as
 * a builtin stands for that. Errors are about one expression: what ("`name->nam` cannot be read"),
 * why (clang's words, and a line with a caret), hint (a member or name near to what was written).
 * Errors with ENOENT: libclang is not installed. */
struct rp_error *rp_expressions_type(const char *parameters, struct rp_expression *list,
                                     size_t count);

/* Writes the beginning of a function where builtins and parameters are variables. */
void rp_expression_begin(FILE *out, const char *parameters);

#endif
