// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Lesson 8 in libbpf's dialect. This program is to send, for each mkdir(),
 * the path and the name and pid of the *parent* of the process. It sends the
 * process itself: mend that, and save. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct event {
    __u32 parent;
    char parent_comm[16];
    char path[64];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 32768);
} made SEC(".maps");

SEC("tp/syscalls/sys_enter_mkdir")
int trace_mkdir(struct trace_event_raw_sys_enter *ctx)
{
    struct event event = {};
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    event.parent = BPF_CORE_READ(task, tgid);
    BPF_CORE_READ_STR_INTO(&event.parent_comm, task, comm);
    bpf_probe_read_user_str(&event.path, sizeof(event.path),
                            (const char *)ctx->args[0]);
    bpf_ringbuf_output(&made, &event, sizeof(event), 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
