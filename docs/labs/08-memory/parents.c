/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 8. This program is to send, for each mkdir() of the workload, the
 * path and the name and pid of the *parent* of the process. It sends the
 * process itself: mend that, and save. */
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
    event.parent = task->tgid;
    bpf_probe_read_kernel_str(&event.parent_comm, sizeof(event.parent_comm),
                              task->comm);
    bpf_probe_read_user_str(&event.path, sizeof(event.path), args->pathname);
    made.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
