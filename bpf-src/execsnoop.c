/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each program that starts, through the transport that the host program chooses:
 *   TRANSPORT_RESERVE  ring buffer, reserve and submit: the record is written where it is read
 *   TRANSPORT_OUTPUT   ring buffer, one copy from scratch memory
 *   TRANSPORT_PERF     perf buffer, one copy from scratch memory
 * A record is larger than a BPF program's stack (512 bytes), so it never lives there.
 */
#include <linux/sched.h>

struct event {
    u32 pid;
    u32 ppid;
    int ret; /* 0, or why the exec failed: -errno */
    char comm[TASK_COMM_LEN];
    char filename[512];
};

#ifdef TRANSPORT_PERF
BPF_PERF_OUTPUT(events);
#else
BPF_RINGBUF_OUTPUT(events, PAGES);
#endif

#ifndef TRANSPORT_RESERVE
BPF_PERCPU_ARRAY(scratch, struct event, 1);
#endif

static struct event *begin_event(void)
{
#ifdef TRANSPORT_RESERVE
    return events.ringbuf_reserve(sizeof(struct event));
#else
    int zero = 0;
    return scratch.lookup(&zero);
#endif
}

static void send_event(void *ctx, struct event *event)
{
#if defined(TRANSPORT_RESERVE)
    events.ringbuf_submit(event, 0);
#elif defined(TRANSPORT_OUTPUT)
    events.ringbuf_output(event, sizeof(*event), 0);
#else
    events.perf_submit(ctx, event, sizeof(*event));
#endif
}

static void fill_event(struct event *event, int ret)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->ppid = task->real_parent->tgid;
    event->ret = ret;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
}

/* A new program runs: its name is in the tracepoint's own data. */
TRACEPOINT_PROBE(sched, sched_process_exec)
{
    if (!is_target())
        return 0;
    struct event *event = begin_event();
    if (!event)
        return 0;
    fill_event(event, 0);
    TP_DATA_LOC_READ_STR(&event->filename, filename, sizeof(event->filename));
    send_event(args, event);
    return 0;
}

#ifdef FAILED
/* A failed exec: the caller's memory still exists when the call returns, so the name is read
 * then. Keyed by thread. */
BPF_HASH(names, u64, const char *);

static int remember(const char *filename)
{
    u64 id = bpf_get_current_pid_tgid();
    if (is_target())
        names.update(&id, &filename);
    return 0;
}

static int report(void *ctx, long ret)
{
    u64 id = bpf_get_current_pid_tgid();
    const char **filename = names.lookup(&id);
    if (!filename)
        return 0;
    const char *user = *filename;
    names.delete(&id);
    if (ret >= 0)
        return 0;
    struct event *event = begin_event();
    if (!event)
        return 0;
    fill_event(event, ret);
    bpf_probe_read_user_str(&event->filename, sizeof(event->filename), user);
    send_event(ctx, event);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    return remember(args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execve)
{
    return report(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_execveat)
{
    return remember(args->filename);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execveat)
{
    return report(args, args->ret);
}
#endif
