// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Lesson 4 in libbpf's dialect. This program copies each record into a ring
 * buffer, from a map where it was put together. It is to put the record
 * together in the ring buffer itself, with bpf_ringbuf_reserve() and
 * bpf_ringbuf_submit(). */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
    __u32 pid;
    char comm[16];
    char file[600];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} execs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct event);
} scratch SEC(".maps");

SEC("tp/syscalls/sys_enter_execve")
int trace_exec(struct trace_event_raw_sys_enter *ctx)
{
    __u32 zero = 0;
    struct event *event = bpf_map_lookup_elem(&scratch, &zero);
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(&event->file, sizeof(event->file),
                            (const char *)ctx->args[0]);
    bpf_ringbuf_output(&execs, event, sizeof(*event), 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
