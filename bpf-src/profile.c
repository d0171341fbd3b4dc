/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Samples what the CPUs run: how often each stack was seen. */
#include <linux/sched.h>

struct key {
    u32 pid;
    int user_stack, kernel_stack; /* ids in `stacks`; negative: why there is no stack */
    char comm[TASK_COMM_LEN];
};

BPF_HASH(counts, struct key, u64, 40960);
BPF_STACK_TRACE(stacks, 16384);
BPF_ARRAY(missed, u64, 1); /* samples that were not counted: `counts` was full */

/* Reports each process when it is first seen, and again when it runs another program: after its
 * end its addresses cannot be resolved. */
BPF_RINGBUF_OUTPUT(processes, 8);
BPF_HASH(memories, u32, u64); /* the process's memory: an exec replaces it */

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
