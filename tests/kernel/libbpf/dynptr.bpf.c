// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Records by dynptr, a sum over a map's entries, loops without a bound that the compiler knows. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;

struct event {
    __u32 asked;
    char text[12];
};

const struct event *unused_event; /* for objects of other compilers */

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __type(key, __u32);
    __type(value, __u64);
} squares SEC(".maps");

struct summing {
    __u64 sum;
};

__u64 sum = 0;

static long add(void *map, __u32 *key, __u64 *value, struct summing *to)
{
    to->sum += *value;
    return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int enter(struct trace_event_raw_sys_enter *ctx)
{
    struct event event = {.asked = ctx->args[0], .text = "by dynptr"};
    struct summing summing = {};
    struct bpf_dynptr record;
    __u64 square = (__u64)event.asked * event.asked;
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    bpf_ringbuf_reserve_dynptr(&events, sizeof(event), 0, &record);
    bpf_dynptr_write(&record, 0, &event, sizeof(event), 0);
    bpf_ringbuf_submit_dynptr(&record, 0);
    bpf_map_update_elem(&squares, &event.asked, &square, BPF_ANY);
    bpf_for_each_map_elem(&squares, add, &summing, 0);
    sum = summing.sum;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
