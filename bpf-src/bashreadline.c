/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Sends a record for each line that readline() returns to bash. */
#include <linux/sched.h>

struct event {
    u32 pid;
    char command[4096];
};

BPF_RINGBUF_OUTPUT(events, 256);

#ifdef SHARED /* the library, which other programs use, too */
static bool is_bash(void)
{
    char comm[TASK_COMM_LEN];
    bpf_get_current_comm(&comm, sizeof(comm));
    return comm[0] == 'b' && comm[1] == 'a' && comm[2] == 's' && comm[3] == 'h' && comm[4] == 0;
}
#endif

int readline_returns(struct pt_regs *ctx)
{
    const char *line = (const char *)PT_REGS_RC(ctx);
    if (!line || !is_target()) /* no line: end of input */
        return 0;
#ifdef SHARED
    if (!is_bash())
        return 0;
#endif
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_user_str(&event->command, sizeof(event->command), line);
    events.ringbuf_submit(event, 0);
    return 0;
}
