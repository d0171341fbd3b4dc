/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds at kernel functions share: kprobe, kretprobe, fentry, fexit. */
#ifndef RP_PROBE_KERNEL_FUNCTION_H
#define RP_PROBE_KERNEL_FUNCTION_H

#include "probe/kind.h"

/* Replaces a syscall's function by this kernel's name ("__x64_sys_openat" for "sys_openat"); false
 * if this kernel has no such syscall. */
bool rp_kernel_function_use_own_name(struct rp_spec *spec);

/* The function's arguments from BTF. */
struct rp_error *rp_kernel_function_arguments(const struct rp_spec *spec,
                                              struct rp_arguments *arguments);
/* If the function is a syscall's: its arguments, which are in the caller's registers. *found:
 * whether it is. */
struct rp_error *rp_arguments_add_syscall(struct rp_arguments *arguments, const char *function,
                                          bool *found);
/* The parts of a call; `entry` and `end` are their kinds. The whole is an fexit, except for a
 * syscall, whose arguments are not the function's. */
char *rp_kernel_function_call(const struct rp_spec *spec, enum rp_call_part part, const char *entry,
                              const char *end);
/* A tracepoint that exists here and shows the same as a kprobe or kretprobe
 * ("kprobe:do_sys_openat2": "tracepoint:syscalls:sys_enter_openat"); malloc()ed, or NULL. */
char *rp_suggest_tracepoint(const struct rp_spec *spec);

/* A function that exists can be described even if it cannot be probed. */
bool rp_kernel_function_exists(const struct rp_spec *spec);
/* Whether it is a syscall's, which tasks of another width call by others. */
bool rp_kernel_function_is_native(const struct rp_spec *spec);
/* Whether the spec's target is an address, 0xffffffff81000000. */
bool rp_kernel_function_is_address(const struct rp_spec *spec);
/* The address of the one function that the spec means, by its name, its module ("vmlinux": the
 * kernel itself) or its address; 0 where the kernel hides it and the name says enough. Why it is
 * not one. */
struct rp_error *rp_kernel_function_find(const struct rp_spec *spec, uint64_t *address);
void rp_kernel_function_describe(const struct rp_spec *spec, FILE *out);

#endif
