// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* The same with the name of the file, in 512 bytes that are reserved in a ring buffer. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "out.h"

const volatile pid_t parent = 0;

struct event {
    int pid;
    char filename[512];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
} rb SEC(".maps");

SEC("tp/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    unsigned offset = ctx->__data_loc_filename & 0xFFFF;
    if (BPF_CORE_READ(task, real_parent, tgid) != parent)
        return 0;
    struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
    if (!e)
        return 0;
    e->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_str(&e->filename, sizeof(e->filename), (void *)ctx + offset);
    bpf_ringbuf_submit(e, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
