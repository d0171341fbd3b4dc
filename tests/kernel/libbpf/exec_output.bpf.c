/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Who executes what: a ring buffer, and the record in a per-CPU array, because it is too large for the
 * stack. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
    u32 pid;
    char comm[16];
    char filename[512];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct event);
} heap SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 18);
} rb SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_execve")
int on_execve(struct trace_event_raw_sys_enter *ctx)
{
    u32 zero = 0;
    struct event *e = bpf_map_lookup_elem(&heap, &zero);

    if (!e)
        return 0;
    e->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&e->comm, sizeof(e->comm));
    bpf_probe_read_user_str(&e->filename, sizeof(e->filename), (void *)ctx->args[0]);
    bpf_ringbuf_output(&rb, e, sizeof(*e), 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
