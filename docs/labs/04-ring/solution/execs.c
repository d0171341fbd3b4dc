/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 4: a record for each program that begins, put together in the ring
 * buffer itself. */

struct event {
    u32 pid;
    char comm[16];
    char file[600];
};

BPF_RINGBUF_OUTPUT(execs, 64);

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    struct event *event = execs.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(&event->file, sizeof(event->file), args->filename);
    execs.ringbuf_submit(event, 0);
    return 0;
}
