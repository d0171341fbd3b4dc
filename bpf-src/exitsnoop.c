/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Sends a record for each process that ends; with PER_THREAD, for each thread. */
#include <linux/sched.h>

struct event {
    u64 age_ns;
    u32 pid;
    u32 ppid;
    u32 tid;
    u32 code; /* as in wait(2): the exit code << 8, or a signal, + 0x80 if it dumped core */
    char comm[TASK_COMM_LEN];
};

BPF_RINGBUF_OUTPUT(events, 256);

/* The current task is the one that ends; all its data still exists. */
TRACEPOINT_PROBE(sched, sched_process_exit)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u64 id = bpf_get_current_pid_tgid();
    u32 pid = id >> 32, tid = id;
    if (!is_target())
        return 0;
#ifndef PER_THREAD
    if (tid != pid) /* not its main thread */
        return 0;
#endif
#ifdef FAILED
    if (task->exit_code == 0)
        return 0;
#endif
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->age_ns = bpf_ktime_get_ns() - task->start_time;
    event->pid = pid;
    event->ppid = task->real_parent->tgid;
    event->tid = tid;
    event->code = task->exit_code;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    events.ringbuf_submit(event, 0);
    return 0;
}
