/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * How long tasks that could run wait for a CPU: log2 histograms in units of UNIT ns, one for all
 * tasks or, if the host program defines it, by process (BY_PID), by thread (BY_TID) or by PID
 * namespace (BY_PIDNS).
 */
#include <linux/sched.h>

struct histogram {
    u64 slots[64];
};
BPF_HASH(sums, u32, struct histogram);
BPF_ARRAY(empty, struct histogram, 1); /* too large for the stack */
BPF_HASH(queued, u32, u64, 65536);     /* since when, by thread; ns */

static u32 thread_of(struct task_struct *task)
{
    u32 tid = 0;
    bpf_probe_read_kernel(&tid, sizeof(tid), &task->pid);
    return tid;
}

static void queue(struct task_struct *task)
{
    u32 tid = thread_of(task);
    u64 now = bpf_ktime_get_ns();
    if (tid) /* not the idle task */
        queued.update(&tid, &now);
}

RAW_TRACEPOINT_PROBE(sched_wakeup)
{
    queue((struct task_struct *)ctx->args[0]);
    return 0;
}

RAW_TRACEPOINT_PROBE(sched_wakeup_new)
{
    queue((struct task_struct *)ctx->args[0]);
    return 0;
}

#ifdef BY_PIDNS
/* Of the namespace that the task is in: the deepest in which it has a number. */
static u32 pid_namespace_of(struct task_struct *task)
{
    struct pid *pid = NULL;
    struct pid_namespace *ns = NULL;
    unsigned level = 0;
    u32 inum = 0;
    bpf_probe_read_kernel(&pid, sizeof(pid), &task->thread_pid);
    bpf_probe_read_kernel(&level, sizeof(level), &pid->level);
    bpf_probe_read_kernel(&ns, sizeof(ns), &pid->numbers[level].ns);
    bpf_probe_read_kernel(&inum, sizeof(inum), &ns->ns.inum);
    return inum;
}
#endif

static bool is_runnable(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
    unsigned state = 0;
    bpf_probe_read_kernel(&state, sizeof(state), &task->__state);
#else
    long state = 0;
    bpf_probe_read_kernel(&state, sizeof(state), &task->state);
#endif
    return state == TASK_RUNNING;
}

/* (preempt, prev, next, …) */
RAW_TRACEPOINT_PROBE(sched_switch)
{
    struct task_struct *prev = (struct task_struct *)ctx->args[1];
    struct task_struct *next = (struct task_struct *)ctx->args[2];
    u32 tid = thread_of(next), key = 0, zero = 0;
    u64 *since, wait;
    struct histogram *histogram, *none;
    if (is_runnable(prev)) /* it was preempted, and waits again */
        queue(prev);
    since = queued.lookup(&tid);
    if (!since)
        return 0; /* it began to wait before the probe */
    wait = bpf_ktime_get_ns() - *since;
    queued.delete(&tid);
    none = empty.lookup(&zero);
    if (!none || !is_target_task(next))
        return 0;
#if defined(BY_PID)
    bpf_probe_read_kernel(&key, sizeof(key), &next->tgid);
#elif defined(BY_TID)
    key = tid;
#elif defined(BY_PIDNS)
    key = pid_namespace_of(next);
#endif
    histogram = sums.lookup_or_try_init(&key, none);
    if (histogram)
        __sync_fetch_and_add(&histogram->slots[bpf_log2l(wait / UNIT) & 63], 1);
    return 0;
}
