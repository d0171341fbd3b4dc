/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kprobe is missed when it is hit while another one is handled, and a kretprobe when more calls
 * go on at a time than it can wait for. The kernel counts both. Before Linux 6.7 it tells of that
 * nowhere for kprobes that are perf events: so a program goes there (kernel/walk.h).
 */
#include "probe/missed.h"

#include <bpf/bpf.h>
#include <pthread.h>
#include <string.h>

#include "kernel/features.h"
#include "kernel/walk.h"

/* ------------------------------------------------------------------ as links tell it */

#define LINK_TYPE_OF_KPROBES 8U /* BPF_LINK_TYPE_KPROBE_MULTI (Linux 5.18) */

/* The part of struct bpf_link_info that Linux 6.7 has for a kprobe, and for many: younger than the
 * headers that this is built with may be. */
struct link_info {
    uint32_t type, id, prog_id, unused_1;
    union {
        struct {
            uint32_t perf_type, unused_2;
            uint64_t function;
            uint32_t length, offset;
            uint64_t address, missed;
        } one;
        struct {
            uint64_t addresses;
            uint32_t count, flags;
            uint64_t missed;
        } many;
    };
};
#define PERF_TYPE_OF_KPROBE    3U
#define PERF_TYPE_OF_KRETPROBE 4U

static bool read_link_info(int link, struct link_info *info) {
    uint32_t size = sizeof(*info);
    *info = (struct link_info){0};
    return !bpf_obj_get_info_by_fd(link, info, &size);
}

static bool told_by_link(const struct link_info *info, uint64_t *missed) {
    bool many = info->type == LINK_TYPE_OF_KPROBES;
    *missed = many ? info->many.missed : info->one.missed;
    return many || (info->type == BPF_LINK_TYPE_PERF_EVENT &&
                    (info->one.perf_type == PERF_TYPE_OF_KPROBE ||
                     info->one.perf_type == PERF_TYPE_OF_KRETPROBE));
}

/* ------------------------------------------------------------------ where the kernel keeps it */

static struct rp_walk to_private_data(void) {
    struct rp_walk walk = rp_walk_to_file();
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "file", "private_data"));
    return walk;
}

/* kernel/trace/trace_kprobe.c: a perf event's tp_event is the `call` of a trace_probe_event, in
 * whose list is the trace_probe of a trace_kprobe. */
static struct rp_walk to_kprobe(void) {
    struct rp_walk walk = to_private_data();
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "perf_event", "tp_event"));
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "trace_probe_event", "probes") -
                                rp_walk_offset(&walk, "trace_probe_event", "call"));
    int32_t kretprobe = rp_walk_offset(&walk, "trace_kprobe", "rp") -
                        rp_walk_offset(&walk, "trace_kprobe", "tp") -
                        rp_walk_offset(&walk, "trace_probe", "list");
    rp_walk_add_number(&walk,
                       kretprobe + rp_walk_offset(&walk, "kretprobe", "kp") +
                           rp_walk_offset(&walk, "kprobe", "nmissed"),
                       sizeof(long));
    rp_walk_add_number(&walk, kretprobe + rp_walk_offset(&walk, "kretprobe", "nmissed"),
                       sizeof(int));
    return walk;
}

/* kernel/trace/bpf_trace.c: a link to many has an fprobe. */
static struct rp_walk to_fprobe(void) {
    struct rp_walk walk = to_private_data();
    rp_walk_add_number(&walk,
                       rp_walk_offset(&walk, "bpf_kprobe_multi_link", "fp") -
                           rp_walk_offset(&walk, "bpf_kprobe_multi_link", "link") +
                           rp_walk_offset(&walk, "fprobe", "nmissed"),
                       sizeof(long));
    return walk;
}

/* ------------------------------------------------------------------ either */

static int of_event = -1, of_link = -1; /* -1: not needed, or the kernel refuses the program */

static void load_both(void) {
    const struct rp_walk event = to_kprobe(), link = to_fprobe();
    of_event = rp_walk_load(&event);
    of_link = rp_walk_load(&link);
}

void rp_missed_prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!rp_kernel_at_least(6, 7))
        pthread_once(&once, load_both);
}

bool rp_missed_read(int fd, int event_fd, uint64_t *missed) {
    struct link_info info;
    bool is_link = read_link_info(fd, &info);
    *missed = 0;
    if (is_link && rp_kernel_at_least(6, 7))
        return told_by_link(&info, missed);
    if (is_link && info.type == LINK_TYPE_OF_KPROBES)
        return rp_walk_run(of_link, fd, missed);
    return rp_walk_run(of_event, event_fd >= 0 ? event_fd : fd, missed);
}
