/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each signal that the kernel generates, whoever asked for it; with CALLS
 * instead for each kill(), tkill() and tgkill(), when it returns. SIGNAL and TPID, if defined,
 * select one signal and one receiver.
 */
#include <linux/sched.h>

struct event {
    u32 pid;
    int sig;
    int tpid;
    int result; /* of a call: 0 or -errno; of a signal: TRACE_SIGNAL_… */
    char comm[TASK_COMM_LEN];
};

BPF_RINGBUF_OUTPUT(events, 256);

static bool wanted(int sig, int tpid)
{
#ifdef SIGNAL
    if (sig != SIGNAL)
        return false;
#endif
#ifdef TPID
    if (tpid != TPID)
        return false;
#endif
    return is_target();
}

static int report(int sig, int tpid, int result)
{
#ifdef FAILED
    if (result == 0)
        return 0;
#endif
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->sig = sig;
    event->tpid = tpid;
    event->result = result;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    events.ringbuf_submit(event, 0);
    return 0;
}

#ifndef CALLS
/* The current task is the sender, or was running when a timer or a fault raised the signal. */
RAW_TRACEPOINT_PROBE(signal_generate)
{
    int sig = ctx->args[0], result = ctx->args[4]; /* args[1] is its siginfo, args[3] the group */
    struct task_struct *task = (struct task_struct *)ctx->args[2];
    int tpid = 0;
    bpf_probe_read_kernel(&tpid, sizeof(tpid), &task->pid);
    return wanted(sig, tpid) ? report(sig, tpid, result) : 0;
}
#else
/* The arguments, saved when the call begins, keyed by thread. */
struct call {
    int sig;
    int tpid;
};

BPF_HASH(calls, u64, struct call);

static int begin(int sig, int tpid)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call call = {.sig = sig, .tpid = tpid};
    if (wanted(sig, tpid))
        calls.update(&id, &call);
    return 0;
}

static int end(long ret)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call *found = calls.lookup(&id);
    if (!found)
        return 0;
    struct call call = *found;
    calls.delete(&id);
    return report(call.sig, call.tpid, ret);
}

/* A call that a seccomp filter has refused has no sys_enter: it begins when it ends. */
TRACEPOINT_PROBE(syscalls, sys_enter_kill)
{
    return begin(args->sig, args->pid);
}

TRACEPOINT_PROBE(syscalls, sys_exit_kill)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin(refused[1], refused[0]);
    return end(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_tkill)
{
    return begin(args->sig, args->pid);
}

TRACEPOINT_PROBE(syscalls, sys_exit_tkill)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin(refused[1], refused[0]);
    return end(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_tgkill)
{
    return begin(args->sig, args->pid); /* the thread; its process is args->tgid */
}

TRACEPOINT_PROBE(syscalls, sys_exit_tgkill)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin(refused[2], refused[1]);
    return end(args->ret);
}
#endif
