/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 2. This program is to count, for each process, the directories that
 * it makes. It counts them all under one key: mend that, and save. */

BPF_HASH(made, u32, u64); /* from a process to a number */

TRACEPOINT_PROBE(syscalls, sys_enter_mkdir)
{
    u32 pid = 0;
    made.increment(pid);
    return 0;
}
