/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts of the events that it missed at a kprobe or kretprobe, while that is
 * attached. */
#ifndef RP_PROBE_MISSED_H
#define RP_PROBE_MISSED_H

#include <stdbool.h>
#include <stdint.h>

/* Before something is attached that misses are asked of. Linux 6.7 tells it of links; before that
 * it is read where the kernel keeps it (Linux 5.10, with BTF), by programs that are loaded here,
 * once a process, while it may load programs. */
void rp_missed_prepare(void);

/* `fd` is a link, or a perf event; `event_fd` is the event that it is a link to, or -1. False: this
 * kernel does not say. Any thread may ask. */
bool rp_missed_read(int fd, int event_fd, uint64_t *missed);

#endif
