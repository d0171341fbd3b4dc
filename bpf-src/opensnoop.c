/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each open(), openat(), openat2() and creat(), when it returns. The record ends
 * after the path: most paths are short, but one may have 4096 bytes. With FULL the names of the
 * directories that a relative path begins in come before it.
 */
#include <linux/sched.h>
#include <linux/limits.h>

#ifdef FULL
#define LEVELS 32
#define NAME_BYTES 256
#define PATHS (LEVELS * NAME_BYTES + PATH_MAX)
#else
#define PATHS PATH_MAX
#endif

struct event {
    u32 pid;
    u32 uid;
    int ret; /* the file descriptor, or -errno */
    int flags;
    u32 directories; /* 0, or 1 + the number of names before the path, NAME_BYTES each */
    u8 unread;       /* the caller's address of the flags is bad */
    u8 cut;          /* there are more directories */
    char comm[TASK_COMM_LEN];
    char path[PATHS];
};

/* The arguments, saved when the call begins, keyed by thread. */
struct call {
    const char *path;
    int flags;
    int dfd;
    const struct open_how *how; /* of openat2(): it has the flags */
    u64 unread;                 /* they are not read yet */
};

BPF_HASH(calls, u64, struct call);
BPF_PERCPU_ARRAY(scratch, struct event, 1); /* far too large for a program's stack */
BPF_RINGBUF_OUTPUT(events, 256);

static bool is_wanted(u32 tid)
{
#ifdef THREAD
    if (tid != THREAD)
        return false;
#endif
#ifdef NAME
    char comm[TASK_COMM_LEN + sizeof(NAME)] = {};
    bool found = false;
    bpf_get_current_comm(comm, TASK_COMM_LEN);
    for (int i = 0; i < TASK_COMM_LEN && !found; i++) {
        found = true;
        for (int j = 0; j < sizeof(NAME) - 1; j++)
            found &= comm[i + j] == NAME[j];
    }
    if (!found)
        return false;
#endif
    return is_target();
}

static bool has_wanted_flags(const struct call *call)
{
#ifdef WANTED_FLAGS
    return !call->unread && (WANTED_FLAGS(call->flags));
#else
    return true;
#endif
}

static void read_how(struct call *call)
{
    u64 flags = 0;
    if (bpf_probe_read_user(&flags, sizeof(flags), &call->how->flags))
        return;
    call->flags = flags;
    call->unread = 0;
}

static int begin(struct call call)
{
    u64 id = bpf_get_current_pid_tgid();
    if (is_wanted(id) && (call.unread || has_wanted_flags(&call)))
        calls.update(&id, &call);
    return 0;
}

#ifdef FULL
#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), from)

/* Where the path begins: the working directory, or that of a descriptor. */
static struct path *start_of(struct task_struct *task, int dfd)
{
    if (dfd == AT_FDCWD)
        return &task->fs->pwd;
    struct fdtable *table = task->files->fdt;
    if (dfd < 0 || dfd >= table->max_fds)
        return NULL;
    struct file **slot = table->fd + dfd, *file = NULL;
    READ(file, slot);
    return file ? &file->f_path : NULL;
}

/* Up to the root of the process, across the places where file systems are mounted. Returns 1 + the
 * number of names, the nearest first, one in NAME_BYTES each; those of mounts are empty. */
static u32 write_directories(struct event *event, int dfd)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct path *root = &task->fs->root, *start = start_of(task, dfd);
    struct path top = {}, at = {};
    if (!start)
        return 0;
    READ(top, root);
    READ(at, start);
    for (int i = 0; i <= LEVELS; i++) {
        struct dentry *dentry = at.dentry, *parent = NULL, *mounted = NULL;
        struct mount *mount = container_of(at.mnt, struct mount, mnt);
        const unsigned char *name = NULL;
        if (dentry == top.dentry && at.mnt == top.mnt)
            return i + 1;
        if (i == LEVELS)
            break;
        READ(parent, &dentry->d_parent);
        READ(mounted, &mount->mnt.mnt_root);
        event->path[i * NAME_BYTES] = 0;
        if (dentry == parent || dentry == mounted) {
            struct mount *above = NULL;
            READ(above, &mount->mnt_parent);
            READ(at.dentry, &mount->mnt_mountpoint);
            if (above == mount)
                return i + 1;
            at.mnt = &above->mnt;
            continue;
        }
        READ(name, &dentry->d_name.name);
        bpf_probe_read_kernel_str(&event->path[i * NAME_BYTES], NAME_BYTES, name);
        at.dentry = parent;
    }
    event->cut = 1;
    return LEVELS + 1;
}
#endif

static int end(long ret)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call *found = calls.lookup(&id);
    if (!found)
        return 0;
    struct call call = *found;
    calls.delete(&id);
    /* What it points to is in memory by now: the kernel has read it. */
    if (call.unread)
        read_how(&call);
    if (!has_wanted_flags(&call))
        return 0;
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
    event->unread = call.unread;
    event->cut = 0;
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    u32 before = 0; /* the path's first byte */
    event->directories = 0;
#ifdef FULL
    char first = 0;
    bpf_probe_read_user(&first, sizeof(first), call.path);
    if (first && first != '/')
        event->directories = write_directories(event, call.dfd);
    if (event->directories)
        before = ((event->directories - 1) & (2 * LEVELS - 1)) * NAME_BYTES;
    if (before > LEVELS * NAME_BYTES)
        before = 0;
#endif
    /* So is the path. */
    long length = bpf_probe_read_user_str(&event->path[before], PATH_MAX, call.path);
    if (length < 1)
        length = 1; /* a bad address: no path */
    /* Without the final NUL. The mask changes nothing, but tells the verifier the maximum
     * length. */
    size_t size = offsetof(struct event, path) + before + ((length - 1) & (PATH_MAX - 1));
    events.ringbuf_output(event, size, 0);
    return 0;
}

/* A call that a seccomp filter has refused has no sys_enter: it begins when it ends. */
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    return begin((struct call){.path = args->filename, .flags = args->flags, .dfd = args->dfd});
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin((struct call){
            .path = (void *)refused[1], .flags = refused[2], .dfd = refused[0]});
    return end(args->ret);
}

#ifdef HAVE_OPEN /* not on newer architectures, such as arm64 */
TRACEPOINT_PROBE(syscalls, sys_enter_open)
{
    return begin((struct call){.path = args->filename, .flags = args->flags, .dfd = AT_FDCWD});
}

TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin((struct call){
            .path = (void *)refused[0], .flags = refused[1], .dfd = AT_FDCWD});
    return end(args->ret);
}
#endif

#ifdef HAVE_CREAT /* as open() */
#define CREAT_FLAGS (O_CREAT | O_WRONLY | O_TRUNC)
TRACEPOINT_PROBE(syscalls, sys_enter_creat)
{
    return begin((struct call){.path = args->pathname, .flags = CREAT_FLAGS, .dfd = AT_FDCWD});
}

TRACEPOINT_PROBE(syscalls, sys_exit_creat)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin((struct call){.path = (void *)refused[0], .flags = CREAT_FLAGS, .dfd = AT_FDCWD});
    return end(args->ret);
}
#endif

#ifdef HAVE_OPENAT2 /* since Linux 5.6 */
static int begin_how(int dfd, const char *path, const struct open_how *how)
{
    struct call call = {.path = path, .dfd = dfd, .how = how, .unread = 1};
    read_how(&call);
    return begin(call);
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat2)
{
    return begin_how(args->dfd, args->filename, args->how);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
    u64 refused[6];
    if (refused_call(args->ret, refused))
        begin_how(refused[0], (void *)refused[1], (void *)refused[2]);
    return end(args->ret);
}
#endif
