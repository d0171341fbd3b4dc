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

static void send_event(struct task_struct *task, u32 code)
{
#ifdef FAILED
    if (code == 0)
        return;
#endif
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return;
    event->age_ns = bpf_ktime_get_ns() - task->start_time;
    event->pid = task->tgid;
    event->ppid = task->real_parent->tgid;
    event->tid = task->pid;
    event->code = code;
    bpf_probe_read_kernel(&event->comm, sizeof(event->comm), &task->comm);
    events.ringbuf_submit(event, 0);
}

#ifdef PER_THREAD
/* The current task is the one that ends; all its data still exists. */
RAW_TRACEPOINT_PROBE(sched_process_exit)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    if (is_target_task(task))
        send_event(task, task->exit_code);
    return 0;
}
#else
struct process {
    u64 start_time;
    u64 pid;
};
BPF_TABLE("lru_hash", struct process, u32, ended, 1024); /* the last ones */

/* A process ends with its last thread, which may not be its main thread. Of several that end at the
 * same time each finds that none lives on: one of them counts. */
static bool has_ended(struct task_struct *leader)
{
    struct process process = {.start_time = leader->start_time, .pid = leader->tgid};
    u32 yes = 1;
    return leader->signal->live.counter == 0 && ended.insert(&process, &yes) == 0;
}

/* As wait_task_zombie() in the kernel's kernel/exit.c has it. */
static u32 code_of(struct task_struct *leader)
{
    struct signal_struct *process = leader->signal;
    return process->flags & SIGNAL_GROUP_EXIT ? process->group_exit_code : leader->exit_code;
}

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct task_struct *leader = task->group_leader; /* its main thread, if only as a zombie */
    if (is_target_task(leader) && has_ended(leader))
        send_event(leader, code_of(leader));
    return 0;
}
#endif
