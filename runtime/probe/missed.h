/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts of the events that it missed at a kprobe or kretprobe, while that is
 * attached. */
#ifndef RP_PROBE_MISSED_H
#define RP_PROBE_MISSED_H

#include <stdbool.h>
#include <stdint.h>

/* Linux 6.7 tells it of links; before that it is read where the kernel keeps it (Linux 5.10, with
 * BTF), by programs that this holds: -1: they are not needed, or cannot be loaded. */
struct rp_missed_reader {
    int of_event, of_link;
};
void rp_missed_reader_open(struct rp_missed_reader *reader);
void rp_missed_reader_close(struct rp_missed_reader *reader);

/* `fd` is a link, or a perf event; `event_fd` is the event that it is a link to, or -1. False: this
 * kernel does not say. Any thread may ask. */
bool rp_missed_read(const struct rp_missed_reader *reader, int fd, int event_fd, uint64_t *missed);

#endif
