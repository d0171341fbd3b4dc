// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Lesson 4 in libbpf's dialect: a record for each program that begins, put
 * together in the ring buffer itself. */
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

SEC("tp/syscalls/sys_enter_execve")
int trace_exec(struct trace_event_raw_sys_enter *ctx)
{
    struct event *event = bpf_ringbuf_reserve(&execs, sizeof(*event), 0);
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(&event->file, sizeof(event->file),
                            (const char *)ctx->args[0]);
    bpf_ringbuf_submit(event, 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
