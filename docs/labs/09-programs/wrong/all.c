/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 9: a record for each chdir() of the C library that succeeds. */

struct event {
    u32 pid;
    int result;
    char path[64];
};

BPF_RINGBUF_OUTPUT(entered, 8);
BPF_HASH(begun, u32, struct event); /* thread: the call that it is in */

int begin(struct pt_regs *ctx, const char *path)
{
    struct event event = {};
    u32 thread = bpf_get_current_pid_tgid();
    event.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_user_str(&event.path, sizeof(event.path), path);
    begun.update(&thread, &event);
    return 0;
}

int end(struct pt_regs *ctx)
{
    u32 thread = bpf_get_current_pid_tgid();
    struct event *event = begun.lookup(&thread);
    if (!event)
        return 0;
    event->result = PT_REGS_RC(ctx);
    entered.ringbuf_output(event, sizeof(*event), 0);
    begun.delete(&thread);
    return 0;
}
