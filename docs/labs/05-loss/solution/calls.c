/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 5: a record for each getpgid() of the workload, and none is lost. */

struct event {
    u64 number;
    char comm[16];
    char padding[40];
};

BPF_RINGBUF_OUTPUT(calls, 128); /* 512 KiB: all of a burst */

TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    if (!is_target())
        return 0;
    struct event *event = calls.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->number = args->pid;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    calls.ringbuf_submit(event, 0);
    return 0;
}
