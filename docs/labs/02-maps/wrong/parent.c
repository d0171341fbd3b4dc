/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 2: counts, for each process, the directories that it makes. */

#include <linux/sched.h>

BPF_HASH(made, u32, u64); /* from a process to a number */

TRACEPOINT_PROBE(syscalls, sys_enter_mkdir)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u32 pid = task->real_parent->tgid;
    made.increment(pid);
    return 0;
}
