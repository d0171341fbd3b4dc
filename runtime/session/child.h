/* SPDX-License-Identifier: Apache-2.0 */
/* The command that a session runs and traces. */
#ifndef RP_CHILD_H
#define RP_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "reprobe.h"

struct rp_child {
    pid_t pid; /* 0: none */
    int gate;  /* closing it lets the command begin; -1 when it has */
    bool ended;
    int status; /* as wait(2) gives it */
};

/* Forks; the child waits at the gate, so that its pid is known before it does anything. */
struct rp_error *rp_child_start(struct rp_child *child, const char *command,
                                const sigset_t *signal_mask);
void rp_child_release(struct rp_child *child);
/* Sees whether it has ended. */
void rp_child_reap(struct rp_child *child);
/* Ends it and what it started (SIGTERM, after a second SIGKILL) if it still runs. */
void rp_child_end(struct rp_child *child);

#endif
