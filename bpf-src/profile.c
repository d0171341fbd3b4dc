/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Samples what the CPUs run: how often each stack was seen. WANTED_PID, WANTED_TID and WANTED_CPU,
 * if defined, select what is sampled; with INCLUDE_IDLE idle CPUs are, too.
 */
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

static void see_process(u32 pid) {
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u64 memory = (u64)task->mm, *seen = memories.lookup(&pid);
    if (seen && *seen == memory)
        return;
    memories.update(&pid, &memory);
    processes.ringbuf_output(&pid, sizeof(pid), BPF_RB_FORCE_WAKEUP); /* it may end soon */
}

static bool is_wanted(u32 pid, u32 tid) {
#ifndef INCLUDE_IDLE
    if (!pid) /* the CPU's idle task */
        return false;
#endif
#ifdef WANTED_PID
    if (!WANTED_PID(pid))
        return false;
#endif
#ifdef WANTED_TID
    if (!WANTED_TID(tid))
        return false;
#endif
#ifdef WANTED_CPU
    if (!WANTED_CPU(bpf_get_smp_processor_id()))
        return false;
#endif
    return is_target();
}

int sample(struct bpf_perf_event_data *ctx) {
    u64 zero = 0, *count;
    struct key key = {
        .pid = bpf_get_current_pid_tgid() >> 32, .user_stack = -1, .kernel_stack = -1};
    if (!is_wanted(key.pid, bpf_get_current_pid_tgid()))
        return 0;
    if (key.pid)
        see_process(key.pid);
    bpf_get_current_comm(&key.comm, sizeof(key.comm));
#ifndef KERNEL_ONLY
    key.user_stack = unwound_stack();
    if (key.user_stack == -ENOSYS) /* by frame pointers */
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
