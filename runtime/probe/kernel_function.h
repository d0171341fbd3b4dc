/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds share that are at functions of the kernel: kprobe, kretprobe, fentry, fexit. */
#ifndef RP_PROBE_KERNEL_FUNCTION_H
#define RP_PROBE_KERNEL_FUNCTION_H

#include "probe/kind.h"

/* A syscall's function gets this kernel's name for it ("__x64_sys_openat" for "sys_openat"); false
 * when it is none that is here. */
bool rp_kernel_function_use_own_name(struct rp_spec *spec);

/* What BTF tells of the function's arguments, of which so many are in registers. */
struct rp_error *rp_kernel_function_arguments(const struct rp_spec *spec, size_t registers,
                                              struct rp_arguments *arguments);
/* Where the function is a syscall's: its arguments, which are in the caller's registers. *found is
 * whether it is one. */
struct rp_error *rp_arguments_add_syscall(struct rp_arguments *arguments, const char *function,
                                          bool *found);
/* A call's parts, of which `entry` and `end` are the kinds; the whole is an fexit, but of a
 * syscall, whose arguments are not the function's. */
char *rp_kernel_function_call(const struct rp_spec *spec, enum rp_call_part part, const char *entry,
                              const char *end);
/* A tracepoint that exists here and tells about the same thing as a kprobe or kretprobe
 * ("kprobe:do_sys_openat2": "tracepoint:syscalls:sys_enter_openat"); malloc()ed, or NULL. */
char *rp_suggest_tracepoint(const struct rp_spec *spec);

/* A function that is there can be looked at where it cannot be probed. */
bool rp_kernel_function_exists(const struct rp_spec *spec);
void rp_kernel_function_describe(const struct rp_spec *spec, FILE *out);

#endif
