/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that this one forks to work for it, as compilers. They end with it, and have a name of
 * their own, by which a BPF program tells that what they do is this one's doing. */
#ifndef RP_UTIL_WORKER_H
#define RP_UTIL_WORKER_H

#include <stdint.h>
#include <sys/types.h>

struct rp_error;

/* As fork(2). The child gets SIGKILL when the thread that forked it ends. */
pid_t rp_worker_fork(void);
/* Has a worker do it, and waits: *status is what `work` returned (0 to 255). What is done is lost
 * with the worker, but what went to files and to shared memory. A signal that ends the worker is an
 * error: "signal 11 (Segmentation fault) ended WHO". Ctrl-C is for this process, which also ends
 * its worker. */
struct rp_error *rp_worker_run(const char *who, int (*work)(void *ctx), void *ctx, int *status);
/* The name of every worker of this process, and of theirs: "reprobe:" and seven random letters, as
 * bpf_get_current_comm() writes it. Programs that they start have names of their own. */
void rp_worker_name(uint64_t name[2]);

#endif
