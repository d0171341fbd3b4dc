/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 3: a record for each program that begins, put together in a map,
 * since it is larger than the stack. */

struct event {
    u32 pid;
    char comm[16];
    char file[600];
};

BPF_PERF_OUTPUT(execs);
BPF_PERCPU_ARRAY(scratch, struct event, 1);

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    u32 zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_kernel_str(&event->file, sizeof(event->file),
                              args->filename);
    execs.perf_submit(args, event, sizeof(*event));
    return 0;
}
