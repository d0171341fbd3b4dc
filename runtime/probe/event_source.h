/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own event sources for single probes: "kprobe" and "uprobe" (Linux 4.17). */
#ifndef RP_PROBE_EVENT_SOURCE_H
#define RP_PROBE_EVENT_SOURCE_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "probe/attachment.h"

/* Makes it an event of that source, at a function's return or not. False if the kernel has no such
 * source. */
bool rp_event_source_set(struct perf_event_attr *attr, const char *source, bool returns);
/* Opens the event, in every process if `pid` is 0, and runs the program at it: by a link, which
 * counts what the kernel missed, where it has such links (Linux 5.15). The program's
 * bpf_get_attach_cookie() is *cookie; NULL: it does not ask. Returns 0 or an errno. */
int rp_event_attach(struct perf_event_attr *attr, pid_t pid, const uint64_t *cookie, int prog_fd,
                    struct rp_attachment *out);

#endif
