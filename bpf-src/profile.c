/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Where the CPUs are, some times a second: how often each stack was seen. */
#include <linux/sched.h>

struct key {
    u32 pid;
    int user_stack, kernel_stack; /* ids in `stacks`, or below 0: why there is none */
    char comm[TASK_COMM_LEN];
};

BPF_HASH(counts, struct key, u64, 40960);
BPF_STACK_TRACE(stacks, 16384);
BPF_ARRAY(missed, u64, 1); /* samples for which `counts` had no room */

/* Each process is told of when it is first seen, and again when it runs another program: its
 * addresses mean nothing once it has ended. */
BPF_RINGBUF_OUTPUT(processes, 8);
BPF_HASH(memories, u32, u64); /* what a process's memory was: an exec gives it another */

static void see_process(u32 pid)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u64 memory = (u64)task->mm, *seen = memories.lookup(&pid);
    if (seen && *seen == memory)
        return;
    memories.update(&pid, &memory);
    processes.ringbuf_output(&pid, sizeof(pid), BPF_RB_FORCE_WAKEUP); /* it may end soon */
}

int sample(struct bpf_perf_event_data *ctx)
{
    u64 zero = 0, *count;
    struct key key = {.pid = bpf_get_current_pid_tgid() >> 32, .user_stack = -1, .kernel_stack = -1};
    /* Process 0 is the CPU's idle task. */
    if (!key.pid || !is_target())
        return 0;
    see_process(key.pid);
    bpf_get_current_comm(&key.comm, sizeof(key.comm));
#ifndef KERNEL_ONLY
    key.user_stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);
#endif
#ifndef USER_ONLY
    key.kernel_stack = stacks.get_stackid(ctx, 0);
#endif
    count = counts.lookup_or_try_init(&key, &zero);
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        missed.increment(0);
    return 0;
}
