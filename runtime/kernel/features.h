/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel has, allows and forbids. */
#ifndef RP_KERNEL_FEATURES_H
#define RP_KERNEL_FEATURES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

struct rp_error;

/* What it means that the kernel refused something with `errnum` (EPERM, EACCES): missing
 * capabilities, lockdown, or a container. Why and hint are set; `what` is the caller's to set. */
struct rp_error *rp_kernel_refusal(int errnum);

/* Tries to load a program that does nothing for the BTF type `btf` and to attach it, for a moment:
 * 0, or a positive errno. *loaded is whether it came to attaching. Linux 5.5. */
int rp_kernel_try_tracing(enum bpf_attach_type type, uint32_t btf, bool *loaded);
/* The function that the kernel has for trying just that: only bpf()'s own tests call it. */
#define RP_KERNEL_TEST_FUNCTION "bpf_fentry_test1"

/* Whether the running kernel is Linux major.minor or later: for what cannot be asked otherwise. */
bool rp_kernel_at_least(unsigned major, unsigned minor);
/* Loads a program that does nothing. A descriptor, or -1 with errno. */
int rp_kernel_load_trivial(enum bpf_prog_type type, enum bpf_attach_type attach_type);

/* Whether the kernel has kprobes: as a perf event source (Linux 4.17), or in tracefs. */
bool rp_kernel_has_kprobes(void);

#endif
