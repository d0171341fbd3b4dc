/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel holds for a program where it is attached. */
#ifndef RP_PROBE_ATTACHMENT_H
#define RP_PROBE_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/vec.h"

/* What the kernel holds for a probe: one or several attach points, or one per CPU. */
struct rp_attachment {
    RP_VEC(struct rp_attached);
    struct rp_closer *closer; /* owns their descriptors once it is disabled */
    bool counts_missed;       /* the kernel counts what it misses there */
    bool unsure;              /* of something that is closed it did not tell */
    uint64_t missed, given;   /* by what is closed; of all what was taken */
};

/* Adds an attach point to `attachment`, which takes `fd` and `event` (malloc()ed, or NULL), even on
 * failure. Closing `fd` detaches the program. `event` is an event of libbcc in tracefs'
 * kprobe_events or uprobe_events, to be deleted after that (before Linux 4.17, which has no such
 * event sources). */
struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event);
/* Deletes such an event. */
void rp_attachment_delete_event(const char *event);
/* The same for a link to a perf event. While `event_fd` is open, closing the link detaches the
 * program without waiting; the kernel waits when the event is closed. */
struct rp_error *rp_attachment_add_link(struct rp_attachment *attachment, int link, int event_fd);
/* Enables events that were opened disabled. False: the kernel refused, with errno. */
bool rp_attachment_enable(const struct rp_attachment *attachment);
/* The first descriptor that it has; -1: none. */
int rp_attachment_fd(const struct rp_attachment *attachment);
/* Starts to detach: events stop within a few milliseconds. */
void rp_attachment_disable(struct rp_attachment *attachment);
/* Detaches, and waits for the kernel's grace period (tens of milliseconds). What was missed is
 * still to be taken then. */
void rp_attachment_end(struct rp_attachment *attachment);

/* For a kind whose misses the kernel counts; before anything is attached. */
void rp_attachment_count_missed(struct rp_attachment *attachment);
/* What the kernel missed there and nobody took yet. *known: false if it does not say of all. */
uint64_t rp_attachment_missed(const struct rp_attachment *attachment, bool *known);
uint64_t rp_attachment_take_missed(struct rp_attachment *attachment, bool *known);

/* ------------------------------------------------------------------ kprobes and uprobes */

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
