/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 9. begin() runs where chdir() of the C library begins, and end()
 * where it returns. A record is to be sent for each call that succeeds: the
 * path, and what the function returned, which is 0. The path is known at the
 * beginning only, and the result at the end only: keep the one until the
 * other comes, and save. */

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
    event.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_user_str(&event.path, sizeof(event.path), path);
    entered.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}

int end(struct pt_regs *ctx)
{
    return 0;
}
