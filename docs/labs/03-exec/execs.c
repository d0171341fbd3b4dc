/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 3. This program is to send a record for each program that begins:
 * who, and the file, with all of its path. But a BPF program has a stack of
 * 512 bytes, and the record has more: mend that, and save. */

struct event {
    u32 pid;
    char comm[16];
    char file[600];
};

BPF_PERF_OUTPUT(execs);

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    struct event event = {};
    event.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event.comm, sizeof(event.comm));
    bpf_probe_read_user_str(&event.file, sizeof(event.file), args->filename);
    execs.perf_submit(args, &event, sizeof(event));
    return 0;
}
