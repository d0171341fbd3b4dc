/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each open(), openat() and openat2(), when it returns. The record ends after
 * the path: most paths are short, but one may have 4096 bytes.
 */
#include <linux/sched.h>
#include <linux/limits.h>

struct event {
    u32 pid;
    u32 uid;
    int ret; /* the file descriptor, or -errno */
    int flags;
    char comm[TASK_COMM_LEN];
    char path[PATH_MAX];
};

/* The arguments, saved when the call begins, keyed by thread. */
struct call {
    const char *path;
    int flags;
};

BPF_HASH(calls, u64, struct call);
BPF_PERCPU_ARRAY(scratch, struct event, 1); /* far too large for a program's stack */
BPF_RINGBUF_OUTPUT(events, 256);

static int begin(const char *path, int flags)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call call = {.path = path, .flags = flags};
    if (is_target())
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
#ifdef FAILED
    if (ret >= 0)
        return 0;
#endif
    int zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    event->pid = id >> 32;
    event->uid = bpf_get_current_uid_gid();
    event->ret = ret;
    event->flags = call.flags;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    /* Read at the return: by then the kernel has read it, so it is in memory. */
    long length = bpf_probe_read_user_str(event->path, sizeof(event->path), call.path);
    if (length < 1)
        length = 1; /* a bad address: no path */
    /* Without the final NUL. The mask changes nothing, but tells the verifier the maximum
     * length. */
    size_t size = offsetof(struct event, path) + ((length - 1) & (PATH_MAX - 1));
    events.ringbuf_output(event, size, 0);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    return begin(args->filename, args->flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat)
{
    return end(args->ret);
}

#ifdef HAVE_OPEN /* not on newer architectures, such as arm64 */
TRACEPOINT_PROBE(syscalls, sys_enter_open)
{
    return begin(args->filename, args->flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
    return end(args->ret);
}
#endif

#ifdef HAVE_OPENAT2 /* since Linux 5.6 */
TRACEPOINT_PROBE(syscalls, sys_enter_openat2)
{
    struct open_how how = {};
    bpf_probe_read_user(&how, sizeof(how), args->how);
    return begin(args->filename, how.flags);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
    return end(args->ret);
}
#endif
