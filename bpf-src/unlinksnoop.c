/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each attempt to remove a file, when it is done. Three kinds of probes can do
 * this: PROBE_FENTRY and PROBE_KPROBE are at the kernel function that removes files, however it is
 * called, and PROBE_TRACEPOINT is at the system calls. The record ends after the path.
 */
#include <linux/sched.h>
#include <linux/fs.h>
#include <linux/limits.h>

struct event {
    u32 pid;
    int ret; /* 0, or -errno */
    char comm[TASK_COMM_LEN];
    char path[PATH_MAX];
};

BPF_HASH(paths, u64, const char *);         /* as passed by the caller, keyed by thread */
BPF_PERCPU_ARRAY(scratch, struct event, 1); /* far too large for a program's stack */
BPF_RINGBUF_OUTPUT(events, 256);

static int begin(const char *path)
{
    u64 id = bpf_get_current_pid_tgid();
    if (is_target())
        paths.update(&id, &path);
    return 0;
}

static int end(int ret)
{
    u64 id = bpf_get_current_pid_tgid();
    const char **found = paths.lookup(&id);
    if (!found)
        return 0;
    const char *path = *found;
    paths.delete(&id);
#ifdef FAILED
    if (ret == 0)
        return 0;
#endif
    int zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    event->pid = id >> 32;
    event->ret = ret;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    /* Read at the return: by then the kernel has read it, so it is in memory. */
    long length = bpf_probe_read_user_str(event->path, sizeof(event->path), path);
    if (length < 1)
        length = 1; /* a bad address: no path */
    /* Without the final NUL. The mask changes nothing, but tells the verifier the maximum
     * length. */
    size_t size = offsetof(struct event, path) + ((length - 1) & (PATH_MAX - 1));
    events.ringbuf_output(event, size, 0);
    return 0;
}

#if defined(PROBE_FENTRY)
KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name)
{
    return begin(name->uptr); /* the caller's own string; name->name is the kernel's copy */
}

KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, int ret)
{
    return end(ret);
}
#elif defined(PROBE_KPROBE)
int kprobe__do_unlinkat(struct pt_regs *ctx, int dfd, struct filename *name)
{
    return begin(name->uptr); /* the caller's own string; name->name is the kernel's copy */
}

int kretprobe__do_unlinkat(struct pt_regs *ctx)
{
    return end(PT_REGS_RC(ctx));
}
#else
TRACEPOINT_PROBE(syscalls, sys_enter_unlinkat)
{
    return args->flag & AT_REMOVEDIR ? 0 : begin(args->pathname);
}

TRACEPOINT_PROBE(syscalls, sys_exit_unlinkat)
{
    return end(args->ret);
}

#ifdef HAVE_UNLINK /* not on newer architectures, such as arm64 */
TRACEPOINT_PROBE(syscalls, sys_enter_unlink)
{
    return begin(args->pathname);
}

TRACEPOINT_PROBE(syscalls, sys_exit_unlink)
{
    return end(args->ret);
}
#endif
#endif
