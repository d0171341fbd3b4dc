/* SPDX-License-Identifier: Apache-2.0 */
/* In a PID namespace, as a container's, a process has another number than the kernel's programs
 * see. What they tell and compare are the kernel's; /proc, kill(2) and a user's -p are ours. */
#ifndef RP_KERNEL_PIDS_H
#define RP_KERNEL_PIDS_H

#include <stdbool.h>
#include <sys/types.h>

struct rp_error;

/* Whether getpid() is what the kernel's own programs call this process: it is in no PID namespace
 * but the first. Both numbers are the same then. */
bool rp_pids_are_kernels(void);
/* The kernel's number of our process. Fails if it has ended, and where the kernel cannot be asked:
 * /proc is of another namespace, or no program may be loaded. */
struct rp_error *rp_pid_of_kernel(pid_t ours, pid_t *kernels);
/* Our number of the process that the kernel calls that; 0: none, it has ended, or it is in a
 * namespace that we do not see. The first rp_pid_of_kernel() is before capabilities are dropped. */
pid_t rp_pid_here(pid_t kernels);
/* Whether nothing is left of it that we see. */
bool rp_pid_has_ended(pid_t kernels);

#endif
