/* SPDX-License-Identifier: Apache-2.0 */
/* What kprobes and uprobes have in common: libbcc attaches them. */
#ifndef RP_PROBE_BREAKPOINT_H
#define RP_PROBE_BREAKPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "probe/attachment.h"

/* An instruction or a return that libbcc is to probe. */
struct rp_breakpoint {
    bool is_return;
    const char *path;     /* NULL: in the kernel */
    pid_t pid;            /* 0: every process that has the file mapped, now or later */
    const char *function; /* in the kernel */
    uint64_t offset;      /* from the function's start, or the file's */
    uint32_t counter;     /* in the file, raised while attached (a semaphore); 0: none */
};
/* Attaches the program there and adds it to `out`. A positive errno if the kernel refuses. */
int rp_breakpoint_attach(const struct rp_breakpoint *match, int prog_fd, struct rp_attachment *out);
#endif
