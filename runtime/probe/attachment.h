/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel holds for a program where it is attached. */
#ifndef RP_PROBE_ATTACHMENT_H
#define RP_PROBE_ATTACHMENT_H

#include "util/error.h"
#include "util/vec.h"

/* What the kernel holds for a probe: one or several places, or one a CPU. */
struct rp_attachment {
    RP_VEC(struct rp_attached);
    struct rp_closer *closer; /* has their descriptors, once it is disabled */
};

/* Adds a place to those of `attachment`, whose `fd` and `event` (malloc()ed, or NULL) are from here
 * on, also when this fails. Closing `fd` ends the attachment there. `event` is one of libbcc's in
 * tracefs' kprobe_events or uprobe_events, to be deleted after that (Linux before 4.17, without
 * these event sources). */
struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event);
/* Deletes such an event. */
void rp_attachment_delete_event(const char *event);
/* The same of a link to a perf event. While `event_fd` is open, too, closing the link takes the
 * program away and waits for nothing; the kernel's wait is the event's. */
struct rp_error *rp_attachment_add_link(struct rp_attachment *attachment, int link, int event_fd);
/* Begins to end it: events stop within a few milliseconds. */
void rp_attachment_disable(struct rp_attachment *attachment);
/* Ends it, and waits for the kernel's grace period (tens of milliseconds). */
void rp_attachment_end(struct rp_attachment *attachment);

#endif
