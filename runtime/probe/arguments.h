/* SPDX-License-Identifier: Apache-2.0 */
/* What a program can read at its attach point, and the C of a function there: how it begins, and
 * how it reads the arguments. */
#ifndef RP_PROBE_ARGUMENTS_H
#define RP_PROBE_ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>

#include "debug/programs.h"
#include "kernel/btf.h"
#include "probe/spec.h"
#include "reprobe.h"

/* How C has an argument of a program's function whose types are known. */
enum rp_form {
    RP_FORM_VALUE,  /* a number or an address, in a variable */
    RP_FORM_MEMORY, /* in the process's memory: the variable is its address */
    RP_FORM_WORDS,  /* words that were copied: the variable is the address of the copy */
};

/* Something that a program can read at an attach point: a function's parameter, or a tracepoint's
 * field. */
struct rp_argument {
    const char *name; /* "dfd" */
    const char *type; /* in C, "struct filename *" */
    unsigned words;   /* of 8 bytes, that it takes where arguments are passed in registers */
    bool is_copied;   /* a struct by value, or a number of more than a word: its words are copied */
    bool in_memory;   /* it is never passed in registers, */
    bool in_other_registers; /* or in those of floating point */
    bool on_stack;           /* where it is, at the entry: */
    unsigned align, offset;  /* from where the caller's arguments begin */
    /* Of a program's function (typed.h): */
    const struct rp_btf *btf; /* its types; NULL: they are not known */
    uint32_t id;
    bool is_reference;  /* what is named is what it leads to */
    bool is_spare;      /* not one that the function has: a register, whatever it is there for
                           (arg0, …), or a variable of the program that a question named */
    char *missing;      /* why it cannot be read, or NULL */
    bool may_be_unread; /* reading it may fail: RP_UNREAD_ARGUMENT is not 0 then */
    enum rp_form form;
    struct rp_location where;
};
struct rp_arguments {
    struct rp_argument *list;
    size_t count;
    const char *result; /* what the function returns, in C; NULL if that cannot be read */
    bool known; /* false for the functions of a program, whose types are unknown: arg0, arg1, … */
    size_t readable; /* how many of them, counted from the first, a program can read there */
    const struct rp_debug *debug; /* the program's debug information; NULL: none */
    uint64_t address;             /* of the probe in it; 0: it has several */
    struct rp_argument typed;     /* what is returned, if its type (`btf`) is known */
    char *source;                 /* where a program's function is declared, "prog.c:24"; or NULL */
    char *untyped; /* why a program's types are not known, and what would tell them; or NULL */
};

/* *out is freed with rp_arguments_free(). */
struct rp_error *rp_arguments_of(const char *spec, struct rp_arguments **out);
void rp_arguments_free(struct rp_arguments *arguments);
/* NULL unless it is one of them. */
const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name);
/* "kprobe:do_unlinkat(int dfd, struct filename *name)", malloc()ed. */
char *rp_arguments_signature(const char *spec, const struct rp_arguments *arguments);
/* The arguments from the spec's kind; freed with rp_arguments_free(). */
struct rp_error *rp_arguments_of_spec(const struct rp_spec *spec, struct rp_arguments **out);
/* "int dfd, struct filename *name": the first `count` of them; malloc()ed. */
char *rp_arguments_declare(const struct rp_arguments *arguments, size_t count);

#define RP_AUTO_ARGUMENTS RP_AUTO(rp_cleanup_arguments)
static inline void rp_cleanup_arguments(struct rp_arguments **arguments) {
    rp_arguments_free(*arguments);
}

/* ------------------------------------------------------------------ for kinds */

/* Adds an argument that can be read. Takes both strings, even on failure; NULL means that memory
 * was out. */
struct rp_error *rp_arguments_add(struct rp_arguments *arguments, char *name, char *type);
/* The arguments of an unknown function: arg0, arg1, … and a return value. */
struct rp_error *rp_arguments_add_unknown(struct rp_arguments *arguments);
/* The prototype's parameters from number `first` on, and its return type. */
struct rp_error *rp_arguments_add_prototype(struct rp_arguments *arguments,
                                            const struct rp_btf *btf, uint32_t proto,
                                            unsigned first);
/* What of it depends on its type (passing.c). */
void rp_argument_set_words(struct rp_argument *argument, const struct rp_btf *btf, uint32_t id);
/* At a function's entry: which of them are in so many registers, and where on the stack others are.
 * `readable` ends before the first of which that is not known. */
void rp_arguments_place(struct rp_arguments *arguments, unsigned registers);
/* Where arguments are passed in a row, of so many words: `readable` ends where it does. */
void rp_arguments_limit(struct rp_arguments *arguments, unsigned words);
/* The prototype of the kernel function `name`, in vmlinux or in one of `modules`; *in is the one
 * that has it. 0 if there is none. */
uint32_t rp_kernel_prototype(const char *name, const struct rp_btf *modules,
                             const struct rp_btf **in);

/* ------------------------------------------------------------------ the C of a function there */

/* The local that says of the argument NAME whether it could not be read. */
#define RP_UNREAD_ARGUMENT "err_%s"

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
/* For a kind with parameters: how many arguments become parameters, but for those on the stack.
 * Their order matters, so all arguments before one that is read do, too. */
size_t rp_function_parameters(const struct rp_function_text *function);
/* Whether the kind's macro can be used: it names the context `context`, and nothing else may have
 * that name. */
bool rp_function_is_macro(const struct rp_function_text *function, const char *context);

/* ---- for kinds */

/* "sched, sched_switch", in a macro's parentheses. */
void rp_write_target(const struct rp_function_text *function);
/* ", int dfd, struct filename *name" */
void rp_write_parameters(const struct rp_function_text *function);
/* "    kuid_t uid;" and what is in its registers or on the stack, for parameters that are not what
 * one register holds. */
void rp_write_copied(const struct rp_function_text *function);
/* "    int dfd = VALUE;" */
void rp_write_local(FILE *out, const char *type, const char *name, const char *value);

/* "int NAME(struct pt_regs *ctx)\n{\n" */
void rp_write_registers_head(const struct rp_function_text *function);
/* Reads register number `number` of those that arguments are passed in, as argument `i`; and the
 * one of the return value. */
void rp_write_register_argument(const struct rp_function_text *function, size_t i, size_t number);
void rp_write_register_result(const struct rp_function_text *function);
/* The stack of a call's caller. */
void rp_write_registers_frame(const struct rp_function_text *function);

#endif
