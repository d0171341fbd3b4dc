/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 4. The exec tracer again: this program copies each record into a
 * ring buffer, from a map where it was put together. It is to put the record
 * together in the ring buffer itself, with ringbuf_reserve() and
 * ringbuf_submit(). */

struct event {
    u32 pid;
    char comm[16];
    char file[600];
};

BPF_RINGBUF_OUTPUT(execs, 64);
BPF_PERCPU_ARRAY(scratch, struct event, 1);

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    u32 zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(&event->file, sizeof(event->file), args->filename);
    execs.ringbuf_output(event, sizeof(*event), 0);
    return 0;
}
