/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 8: for each mkdir() of the workload, the path, and who is the
 * parent of the process. */
#include <linux/sched.h>

struct event {
    u32 parent;
    char parent_comm[16];
    char path[64];
};

BPF_RINGBUF_OUTPUT(made, 8);

TRACEPOINT_PROBE(syscalls, sys_enter_mkdir)
{
    if (!is_target())
        return 0;
    struct event event = {};
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    event.parent = task->real_parent->tgid;
    bpf_probe_read_kernel_str(&event.parent_comm, sizeof(event.parent_comm),
                              task->real_parent->comm);
    bpf_probe_read_kernel_str(&event.path, sizeof(event.path), args->pathname);
    made.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
