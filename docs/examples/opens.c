/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Which files are opened, by which process and at whose behest; and how many by each. */
#include <linux/sched.h>

struct event {
    u32 pid;
    char comm[TASK_COMM_LEN];
    char parent[TASK_COMM_LEN];
    char filename[128];
};

BPF_RINGBUF_OUTPUT(events, 64);
BPF_HASH(opens, u32, u64);

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    if (!is_target())
        return 0;
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_kernel_str(&event->parent, sizeof(event->parent), task->real_parent->comm);
    bpf_probe_read_user_str(&event->filename, sizeof(event->filename), args->filename);
    opens.increment(event->pid);
    events.ringbuf_submit(event, 0);
    return 0;
}
