/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each program that starts, through the transport that the host program chooses:
 *   TRANSPORT_RESERVE  ring buffer, reserve and submit: the record is written where it is read
 *   TRANSPORT_OUTPUT   ring buffer, one copy from scratch memory
 *   TRANSPORT_PERF     perf buffer, one copy from scratch memory
 * A record is larger than a BPF program's stack (512 bytes), so it never lives there.
 * PARENT, if defined, selects the programs that this process starts.
 */
#include <linux/sched.h>

#define ARGS      3072 /* bytes of all arguments */
#define ARG_BYTES 128  /* of a failed exec, those of each */
#define MAX_ARGS  (ARGS / ARG_BYTES)

struct event {
    u32 pid;
    u32 ppid;
    u32 uid;
    int ret;       /* 0, or why the exec failed: -errno */
    u32 size;      /* of the arguments, one behind the other, their NULs included */
    u32 parts;     /* of a failed exec: so many arguments, each in ARG_BYTES */
    u8 cut;        /* there are more arguments */
    u8 is_script;  /* its interpreter runs, and is the first argument */
    char comm[TASK_COMM_LEN];
    char filename[512];
    char args[ARGS];
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

#ifndef TRANSPORT_RESERVE
static u32 size_of(const struct event *event)
{
    u32 size = event->parts ? ARGS : event->size;
    return offsetof(struct event, args) + (size < ARGS ? size : ARGS);
}
#endif

static void send_event(void *ctx, struct event *event)
{
#if defined(TRANSPORT_RESERVE)
    events.ringbuf_submit(event, 0);
#elif defined(TRANSPORT_OUTPUT)
    events.ringbuf_output(event, size_of(event), 0);
#else
    events.perf_submit(ctx, event, size_of(event));
#endif
}

static bool is_wanted(void)
{
#ifdef PARENT
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    if (task->real_parent->tgid != PARENT)
        return false;
#endif
    return is_target();
}

static void fill_event(struct event *event, int ret)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->ppid = task->real_parent->tgid;
    event->uid = bpf_get_current_uid_gid();
    event->ret = ret;
    event->size = event->parts = event->cut = event->is_script = 0;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
}

/* A new program runs (task, old pid, linux_binprm): the kernel has put its arguments into its memory. */
RAW_TRACEPOINT_PROBE(sched_process_exec)
{
    struct linux_binprm *program = (struct linux_binprm *)ctx->args[2];
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    if (!is_wanted())
        return 0;
    struct event *event = begin_event();
    if (!event)
        return 0;
    fill_event(event, 0);
    event->is_script = program->interp != program->filename;
    const char *filename = program->filename;
    bpf_probe_read_kernel_str(&event->filename, sizeof(event->filename), filename);
    u64 begin = task->mm->arg_start, size = task->mm->arg_end - begin;
    if (size > ARGS) {
        size = ARGS;
        event->cut = 1;
    }
    if (!bpf_probe_read_user(&event->args, size, (void *)begin))
        event->size = size;
    send_event(ctx, event);
    return 0;
}

#ifdef FAILED
/* A failed exec: the caller's memory still exists when the call returns, so the name and the
 * arguments are read then. Keyed by thread. */
struct call {
    const char *filename;
    const char *const *argv;
};
BPF_HASH(names, u64, struct call);

static int remember(const char *filename, const char *const *argv)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call call = {.filename = filename, .argv = argv};
    if (is_wanted())
        names.update(&id, &call);
    return 0;
}

/* Each in a part of its own, which the verifier follows. What cannot be read is `?`; where that is
 * the array itself, one stands for all. */
static void read_args(struct event *event, const char *const *argv)
{
    for (int i = 0; argv && i < MAX_ARGS; i++) {
        const char *arg = NULL;
        char *at = &event->args[i * ARG_BYTES];
        bool is_unread = bpf_probe_read_user(&arg, sizeof(arg), &argv[i]);
        if (!arg && !is_unread)
            return;
        if (is_unread || bpf_probe_read_user_str(at, ARG_BYTES, arg) < 0) {
            at[0] = '?';
            at[1] = 0;
        }
        event->parts = i + 1;
        if (is_unread && i) /* the first one is not shown */
            break;
    }
    event->cut = argv != NULL;
}

static int report(void *ctx, long ret)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call *found = names.lookup(&id);
    if (!found)
        return 0;
    struct call call = *found;
    names.delete(&id);
    if (ret >= 0)
        return 0;
    struct event *event = begin_event();
    if (!event)
        return 0;
    fill_event(event, ret);
    if (bpf_probe_read_user_str(&event->filename, sizeof(event->filename), call.filename) < 0)
        event->filename[0] = 0;
    read_args(event, call.argv);
    send_event(ctx, event);
    return 0;
}

/* A call that a seccomp filter has refused has no sys_enter: it begins when it ends. */
TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
    return remember(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execve)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        remember((void *)refused[0], (void *)refused[1]);
    return report(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_execveat)
{
    return remember(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execveat)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        remember((void *)refused[1], (void *)refused[2]);
    return report(args, args->ret);
}
#endif
