/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 6: a histogram of how long the workload sleeps, in microseconds. */

BPF_HASH(begun, u32, u64); /* thread: when it fell asleep, ns */
BPF_HISTOGRAM(usecs);

TRACEPOINT_PROBE(syscalls, sys_enter_pselect6)
{
    if (!is_target())
        return 0;
    u32 thread = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();
    begun.update(&thread, &now);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_exit_pselect6)
{
    u32 thread = bpf_get_current_pid_tgid();
    u64 *begin = begun.lookup(&thread);
    if (!begin)
        return 0;
    usecs.increment(bpf_log2l((bpf_ktime_get_ns() - *begin)));
    begun.delete(&thread);
    return 0;
}
