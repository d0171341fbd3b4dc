/* SPDX-License-Identifier: Apache-2.0 */
/* What a program can read where it is attached, put together. */
#ifndef RP_PROBE_ARGUMENTS_H
#define RP_PROBE_ARGUMENTS_H

#include "kernel/btf.h"
#include "probe/spec.h"
#include "reprobe.h"

/* Something that a program can read at an attach point: a function's parameter, or a tracepoint's
 * field. */
struct rp_argument {
    const char *name; /* "dfd" */
    const char *type; /* in C, "struct filename *" */
};
struct rp_arguments {
    struct rp_argument *list;
    size_t count;
    const char *result; /* what the function returns, in C; NULL if that cannot be read */
    bool known; /* false for the functions of a program, whose types are unknown: arg0, arg1, … */
    size_t readable; /* how many of them, from the first on, a program can read there */
};

/* *out is freed with rp_arguments_free(). */
struct rp_error *rp_arguments_of(const char *spec, struct rp_arguments **out);
void rp_arguments_free(struct rp_arguments *arguments);
/* "kprobe:do_unlinkat(int dfd, struct filename *name)", malloc()ed. */
char *rp_arguments_signature(const char *spec, const struct rp_arguments *arguments);
/* What the spec's kind tells; freed with rp_arguments_free(). */
struct rp_error *rp_arguments_of_spec(const struct rp_spec *spec, struct rp_arguments **out);
/* "int dfd, struct filename *name": the first `count` of them; malloc()ed. */
char *rp_arguments_declare(const struct rp_arguments *arguments, size_t count);

#define RP_AUTO_ARGUMENTS RP_AUTO(rp_cleanup_arguments)
static inline void rp_cleanup_arguments(struct rp_arguments **arguments) {
    rp_arguments_free(*arguments);
}

/* ------------------------------------------------------------------ for kinds */

/* One more, which can be read. Takes both strings, also when it fails: they may be NULL for want of
 * memory. */
struct rp_error *rp_arguments_add(struct rp_arguments *arguments, char *name, char *type);
/* Those of a function of which nobody tells: arg0, arg1, … and a result. */
struct rp_error *rp_arguments_add_unknown(struct rp_arguments *arguments);
/* The prototype's parameters from number `first` on, and its result. Those that are passed by value
 * in more than a register, and what is behind them, cannot be read. */
struct rp_error *rp_arguments_add_prototype(struct rp_arguments *arguments,
                                            const struct rp_btf *btf, uint32_t proto,
                                            unsigned first);
/* The prototype of the kernel's function `name`, in vmlinux or in one of `modules`; *in is where. 0
 * when there is none. */
uint32_t rp_kernel_prototype(const char *name, const struct rp_btf *modules,
                             const struct rp_btf **in);

#endif
