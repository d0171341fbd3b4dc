/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 2: counts, for each process, the directories that it makes. */

BPF_HASH(made, u32, u64); /* from a process to a number */

TRACEPOINT_PROBE(syscalls, sys_enter_mkdir)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 one = 1;
    made.update(&pid, &one);
    return 0;
}
