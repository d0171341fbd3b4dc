/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own event sources for single probes: "kprobe" and "uprobe" (Linux 4.17). */
#ifndef RP_PROBE_EVENT_SOURCE_H
#define RP_PROBE_EVENT_SOURCE_H

#include <linux/perf_event.h>
#include <stdbool.h>

/* Makes it an event of that source, at a function's return or not. False if the kernel has no such
 * source. */
bool rp_event_source_set(struct perf_event_attr *attr, const char *source, bool returns);

#endif
