/* SPDX-License-Identifier: Apache-2.0 */
/* What a program can read where it is attached, put together. */
#ifndef RP_PROBE_ARGUMENTS_H
#define RP_PROBE_ARGUMENTS_H

#include "kernel/btf_reader.h"
#include "probe/spec.h"
#include "reprobe_query.h"

/* What the spec's kind tells; ended by rp_arguments_free(). */
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
