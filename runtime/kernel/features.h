/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel has, allows and forbids. */
#ifndef RP_KERNEL_FEATURES_H
#define RP_KERNEL_FEATURES_H

#include <stdbool.h>

struct rp_error;

/* What it means that the kernel refused something with `errnum` (EPERM, EACCES): missing
 * capabilities, lockdown, or a container. Why and hint are set; `what` is the caller's to set. */
struct rp_error *rp_kernel_refusal(int errnum);

/* Whether the kernel has kprobes: as a perf event source (Linux 4.17), or in tracefs. */
bool rp_kernel_has_kprobes(void);

#endif
