/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* A record of 32 bytes for each getpgid() of the process that -p or -c names. scripts/bench
 * rings has reprobe and BCC's Python print them. */
struct event {
    u64 time;
    u32 pid;
    u32 cpu;
    char comm[16];
};
BPF_RINGBUF_OUTPUT(events, 256);

TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (pid != TARGET_PID)
        return 0;
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->time = bpf_ktime_get_ns();
    event->pid = pid;
    event->cpu = bpf_get_smp_processor_id();
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    events.ringbuf_submit(event, 0);
    return 0;
}
