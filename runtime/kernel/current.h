/* SPDX-License-Identifier: Apache-2.0 */
/* What of the running kernel tells who does something: the task that runs, or an interrupt. */
#ifndef RP_KERNEL_CURRENT_H
#define RP_KERNEL_CURRENT_H

#include <stdbool.h>
#include <stdint.h>

/* A variable that each CPU has one of, in the types of vmlinux. */
struct rp_kernel_variable {
    uint32_t id;     /* of its BTF_KIND_VAR */
    uint32_t offset; /* in bytes, of a member of it */
};

/* What counts the interrupts that each CPU is in: on x86 __preempt_count or (Linux 6.2 to 6.14) a
 * member of pcpu_hot. False where no variable is known that tells, or no program can read it
 * (bpf_this_cpu_ptr(): Linux 5.10). */
bool rp_kernel_preempt_count(struct rp_kernel_variable *out);

#endif
