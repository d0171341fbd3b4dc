// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Each getpgid() of one process, with its result and how long it took: a hash between entry and return, a ring
 * buffer, settings, and variables that count. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "out.h"

const volatile pid_t target = 0;
const volatile bool failed_only = false;
const volatile char tag[16] = "calls";

__u64 seen = 0, sent = 0;

struct call {
    __u64 asked;
    __u64 start;
};

struct event {
    __u32 pid;
    __u32 asked;
    __s64 result;
    char comm[16];
    char tag[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, struct call);
} running SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} events SEC(".maps");

static bool is_wanted(void)
{
    return !target || bpf_get_current_pid_tgid() >> 32 == target;
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int enter(struct trace_event_raw_sys_enter *ctx)
{
    struct call call = {.asked = ctx->args[0], .start = bpf_ktime_get_ns()};
    __u32 tid = bpf_get_current_pid_tgid();
    if (!is_wanted())
        return 0;
    __sync_fetch_and_add(&seen, 1);
    bpf_map_update_elem(&running, &tid, &call, BPF_ANY);
    return 0;
}

SEC("tp/syscalls/sys_exit_getpgid")
int leave(struct trace_event_raw_sys_exit *ctx)
{
    __u32 tid = bpf_get_current_pid_tgid();
    struct call *call = bpf_map_lookup_elem(&running, &tid);
    if (!call)
        return 0;
    if (failed_only && ctx->ret >= 0)
        goto out;
    struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (!event)
        goto out;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->asked = call->asked;
    event->result = ctx->ret;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    for (int i = 0; i < 16; i++)
        event->tag[i] = tag[i];
    bpf_ringbuf_submit(event, 0);
    __sync_fetch_and_add(&sent, 1);
out:
    bpf_map_delete_elem(&running, &tid);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
