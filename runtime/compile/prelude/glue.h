/* SPDX-License-Identifier: Apache-2.0 */
/* What reprobe adds to every source, after libbcc's headers and the kernel's types: the target,
 * and a count of events that could not be sent. */
#pragma once

#ifndef TARGET_PID
#define TARGET_PID ((int)RP_TARGET(0))
#endif
/* The target (compile/link.h), 0: anyone. These constants are filled in when the program is
 * loaded, so that one compile serves every target. */
#define RP_TARGET(which)                                                                           \
    ({                                                                                             \
        u64 rp_constant;                                                                           \
        asm("%0 = %1 ll" : "=r"(rp_constant) : "i"(RP_SLOT_TARGET + (which)));                     \
        rp_constant;                                                                               \
    })
#define RP_TARGET_UID       RP_TARGET(1)
#define RP_TARGET_COMM      RP_TARGET(2)
#define RP_TARGET_COMM_REST RP_TARGET(3)
#define RP_TARGET_CGROUP    RP_TARGET(4)
#define RP_TARGET_SELF      RP_TARGET(5)
#define RP_TARGET_WORKER    RP_TARGET(6)
#define RP_TARGET_WORKER_REST RP_TARGET(7)

/* What libbcc.c turns a BPF_CALLBACK outside prelude/callback.h into. */
#define RP_CALLBACK_ BPF_CALLBACK
#define RP_WRAPPER(...)

/* An unrolled loop takes longer to compile than a whole small program. Loops: since Linux 5.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 3, 0)
#define RP_LOOP _Pragma("unroll")
#else
#define RP_LOOP _Pragma("nounroll")
#endif

#if RP_USES_IS_TARGET || RP_USES_IS_TARGET_TASK
/* Reads a member of a task by its offset, which types of BTF end with: the struct alone, with what
 * it is made of, takes longer to compile than a whole small program. */
#ifdef RP_TASK_tgid
#define rp_read_task(to, task, member)                                                             \
    bpf_probe_read_kernel(to, sizeof(*(to)), (void *)(task) + RP_TASK_##member)
#else
#define rp_read_task(to, task, member)                                                             \
    bpf_probe_read_kernel(to, sizeof(*(to)), &(task)->member)
#endif

/* Whether it is the process TARGET_PID or a descendant of it, up to 16 generations. */
static __always_inline int rp_descends(struct task_struct *task)
{
    RP_LOOP for (int i = 0; i <= 16; i++) {
        int tgid = 0;
        rp_read_task(&tgid, task, tgid);
        if (tgid == TARGET_PID)
            return 1;
        if (tgid <= 1)
            return 0;
        rp_read_task(&task, task, real_parent);
    }
    return 0;
}
#endif

#if RP_USES_IS_TARGET
#if RP_BY_TASK
/* In the cgroup or in one below it. The helper returns 0 beyond the task's own level. (A return
 * inside the loop would make LLVM copy a register that is not set yet.) */
static __always_inline int rp_is_current_in_cgroup(u64 cgroup)
{
    int found = 0;
    RP_LOOP for (int level = 0; level < 32; level++) {
        u64 id = bpf_get_current_ancestor_cgroup_id(level);
        found = id == cgroup;
        if (found || !id)
            break;
    }
    return found;
}

static __always_inline int rp_is_current_like_target(void)
{
    u64 comm[2] = {}, cgroup = RP_TARGET_CGROUP;
    if (RP_TARGET_UID && (u32)bpf_get_current_uid_gid() != (u32)RP_TARGET_UID)
        return 0;
    bpf_get_current_comm(comm, sizeof(comm));
    if (RP_TARGET_COMM && (comm[0] != RP_TARGET_COMM || comm[1] != RP_TARGET_COMM_REST))
        return 0;
    return !cgroup || rp_is_current_in_cgroup(cgroup);
}
#else
#define rp_is_current_like_target() 1
#endif

/* Whether this event belongs to the target: the current task decides, even if it was
 * interrupted. Without a target, always true. */
static __always_inline int is_target(void)
{
    if (TARGET_PID && !rp_descends((struct task_struct *)bpf_get_current_task()))
        return 0;
    return rp_is_current_like_target();
}
#endif

#if RP_USES_IS_TARGET_TASK
#if RP_BY_TASK
static __always_inline int rp_is_task_in_cgroup(struct task_struct *task, u64 wanted)
{
    struct css_set *css_set = 0;
    struct cgroup *cgroup = 0;
    bpf_probe_read_kernel(&css_set, sizeof(css_set), &task->cgroups);
    bpf_probe_read_kernel(&cgroup, sizeof(cgroup), &css_set->dfl_cgrp);
    int found = 0;
    RP_LOOP for (int level = 0; level < 32 && cgroup && !found; level++) {
        struct kernfs_node *kn = 0;
        u64 id = 0;
        bpf_probe_read_kernel(&kn, sizeof(kn), &cgroup->kn);
        bpf_probe_read_kernel(&id, sizeof(id), &kn->id);
        found = id == wanted;
        /* The parent's `self`, which is its first member. */
        bpf_probe_read_kernel(&cgroup, sizeof(cgroup), &cgroup->self.parent);
    }
    return found;
}

static __always_inline int rp_is_task_like_target(struct task_struct *task)
{
    const struct cred *cred = 0;
    u64 comm[2] = {}, cgroup = RP_TARGET_CGROUP;
    u32 uid = 0;
    bpf_probe_read_kernel(&cred, sizeof(cred), &task->cred);
    bpf_probe_read_kernel(&uid, sizeof(uid), &cred->uid);
    if (RP_TARGET_UID && uid != (u32)RP_TARGET_UID)
        return 0;
    bpf_probe_read_kernel(comm, sizeof(comm), &task->comm);
    if (RP_TARGET_COMM && (comm[0] != RP_TARGET_COMM || comm[1] != RP_TARGET_COMM_REST))
        return 0;
    return !cgroup || rp_is_task_in_cgroup(task, cgroup);
}
#else
#define rp_is_task_like_target(task) 1
#endif

/* is_target() for another task than the current one. */
static __always_inline int is_target_task(struct task_struct *task)
{
    if (TARGET_PID && !rp_descends(task))
        return 0;
    return rp_is_task_like_target(task);
}
#endif

#if RP_USES_IS_SELF
/* Whether the task that runs is reprobe's: of the process that has loaded this, or of a worker
 * (util/worker.h), as the compilers are. Commands that it starts are not. */
static __always_inline int is_self(void)
{
    u64 comm[2] = {};
    if (bpf_get_current_pid_tgid() >> 32 == RP_TARGET_SELF)
        return 1;
    bpf_get_current_comm(comm, sizeof(comm));
    return comm[0] == RP_TARGET_WORKER && comm[1] == RP_TARGET_WORKER_REST;
}

/* Whether an interrupt has come in between, or a softirq: what happens then is not the doing of the
 * task that runs. Where the kernel does not tell it is taken for granted. In kernel/preempt.h of
 * x86 a count has bits 8 for softirqs, 16 to 19 for interrupts and 20 to 23 for NMIs; whatever adds
 * an NMI, as a breakpoint of a kprobe does, adds an interrupt, too. */
#undef in_interrupt /* of installed headers: it reads what a program cannot */
#ifdef RP_PREEMPT_AT
static __always_inline int in_interrupt(void)
{
    u64 variable;
    u32 count = 0;
    asm("%0 = %1 ll" : "=r"(variable) : "i"(RP_SLOT_PREEMPT));
    void *here = ((void *(*)(u64))154)(variable); /* bpf_this_cpu_ptr */
    bpf_probe_read_kernel(&count, sizeof(count), here + RP_PREEMPT_AT);
    return (count & 0x100) || ((count >> 16) & 15) != ((count >> 20) & 15);
}
#else
#define in_interrupt() 1
#endif
#endif

/* In a program at the return of a syscall (sys_exit_NAME), which returns `ret`: whether a seccomp
 * filter may have refused it, which is asked before sys_enter_NAME; that one has not seen the call
 * then. Such a filter answers EPERM, EACCES or ENOSYS as a rule. Where `arguments` is no NULL it
 * gets all six of the call. Linux 5.15. */
#ifdef RP_TASK_seccomp
static __always_inline int refused_call(long ret, u64 *arguments)
{
    void *task = ((void *(*)(void))158)(); /* bpf_get_current_task_btf */
    int mode = 0;                          /* the first member of struct seccomp */
    bpf_probe_read_kernel(&mode, sizeof(mode), task + RP_TASK_seccomp);
    if (mode != 2 || (ret != -1 && ret != -13 && ret != -38))
        return 0;
    if (!arguments)
        return 1;
    void *regs = ((void *(*)(void *))175)(task); /* bpf_task_pt_regs */
#pragma unroll
    for (int i = 0; i < 6; i++)
        bpf_probe_read_kernel(&arguments[i], 8, regs + RP_SYSCALL_ARGUMENTS[i]);
    return 1;
}
#else
#define refused_call(ret, arguments) ((void)(arguments), 0)
#endif

/* In programs at the raw tracepoints sys_enter and sys_exit: whether it is the call of that number,
 * made by a program of the kernel's own width (those of another have numbers of their own); and its
 * arguments, from 0 to 5, as they are by then. */
#ifdef RP_SYSCALL_NUMBER
static __always_inline int rp_is_syscall(int its_number, int number)
{
    u32 flags = 0;
    if (its_number != number)
        return 0;
    bpf_probe_read_kernel(&flags, sizeof(flags), (void *)bpf_get_current_task() + RP_TASK_NARROW);
    return !(flags >> RP_NARROW_BIT & 1);
}

static __always_inline int enters_syscall(struct bpf_raw_tracepoint_args *ctx, int number)
{
    return rp_is_syscall(ctx->args[1], number);
}

static __always_inline int leaves_syscall(struct bpf_raw_tracepoint_args *ctx, int number)
{
    int its_number = -1;
    bpf_probe_read_kernel(&its_number, sizeof(its_number),
                          (void *)ctx->args[0] + RP_SYSCALL_NUMBER);
    return rp_is_syscall(its_number, number);
}

static __always_inline u64 syscall_argument(struct bpf_raw_tracepoint_args *ctx, int i)
{
    u64 argument = 0;
    bpf_probe_read_kernel(&argument, sizeof(argument),
                          (void *)ctx->args[0] + RP_SYSCALL_ARGUMENTS[i]);
    return argument;
}
#endif

/* 0 if it is known only while the program runs: only a constant makes a null pointer, as in the
 * kernel's __is_constexpr() (linux/const.h). */
#define RP_IS_CONSTANT(size) (sizeof(int) == sizeof(*(1 ? (void *)((long)(size)*0L) : (int *)1)))
#define RP_CONSTANT(size)    __builtin_choose_expr(RP_IS_CONSTANT(size), size, 0)

/* A row of an iterator. The variable's type, which has the row's and how many bytes are written, is
 * in the module's BTF, for printing (record/layout_output.c); of a row behind a void pointer it
 * tells nothing. */
#define bpf_seq_write(seq, data, size)                                                             \
    ({                                                                                             \
        struct rp_row {                                                                            \
            __typeof__(_Generic((data), void *: (char)0, const void *: (char)0, default: *(data))) row;    \
            char written[RP_CONSTANT(size)];                                                       \
        };                                                                                         \
        static struct rp_row __attribute__((section(".rp.layout"), used)) rp_row;                  \
        bpf_seq_write(seq, data, size);                                                            \
    })

#if RP_LOST_FD
/* By what the kernel said: 0 where the buffer was full, else the number of the error (object.h:
 * RP_LOST_FULL). */
static __always_inline void rp_count_lost(u32 why)
{
    u32 zero = 0;
    u64 *lost = bpf_map_lookup_elem_(bpf_pseudo_fd(1, RP_LOST_FD), &zero);
    if (lost)
        __sync_fetch_and_add(&lost[why & 127], 1);
}

/* Of a ring buffer it says only that there is no room. (EMSGSIZE, EINVAL) */
static __always_inline u32 rp_why_lost(void *ring, u64 size, u64 wrong_flags)
{
    if (size + BPF_RINGBUF_HDR_SZ > bpf_ringbuf_query(ring, BPF_RB_RING_SIZE))
        return 90;
    return wrong_flags ? 22 : 0;
}

static __always_inline long rp_perf_event_output(void *ctx, void *map, u64 flags, void *data,
                                                 u64 size)
{
    long err = bpf_perf_event_output(ctx, map, flags, data, size);
    if (err)
        rp_count_lost(err == -28 ? 0 : -err); /* ENOSPC */
    return err;
}

/* While records flow, the reader of a ring buffer is not woken for each record
 * (stream/ringbuf.c), but when another quarter of the ring is written: whether a record of
 * `size` bytes begins a quarter. This is left out if the source mentions the wake-up flags
 * itself. */
#ifndef RP_BATCH_WAKEUPS
#define RP_BATCH_WAKEUPS !RP_USES_WAKEUP_FLAGS
#endif
static __always_inline int rp_begins_quarter(void *ring, u64 size)
{
    u64 from = bpf_ringbuf_query(ring, BPF_RB_PROD_POS);
    u64 to = from + ((size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL);
    if (!((from ^ to) & -1024ULL)) /* of the smallest ring: mostly enough to stop here */
        return 0;
    return !!((from ^ to) & -(bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 4));
}

static __always_inline long rp_ringbuf_output(void *ring, void *data, u64 size, u64 flags)
{
    if (RP_BATCH_WAKEUPS && !flags && rp_begins_quarter(ring, size))
        flags = BPF_RB_FORCE_WAKEUP;
    long err = bpf_ringbuf_output(ring, data, size, flags);
    if (err)
        rp_count_lost(rp_why_lost(ring, size, flags & ~3ULL));
    return err;
}

static __always_inline void *rp_ringbuf_reserve(void *ring, u64 size, u64 flags)
{
    /* When the record is submitted, its ring is not known. (The long name: verifier.c
     * knows lines of this file by their text, if they are long.) */
    if (RP_BATCH_WAKEUPS && rp_begins_quarter(ring, size)) {
        void *record_that_only_wakes = bpf_ringbuf_reserve(ring, 8, 0);
        if (record_that_only_wakes)
            bpf_ringbuf_discard(record_that_only_wakes, BPF_RB_FORCE_WAKEUP);
    }
    void *record = bpf_ringbuf_reserve(ring, size, flags);
    if (!record)
        rp_count_lost(rp_why_lost(ring, size, flags));
    return record;
}

/* libbcc writes these calls for events.perf_submit() and so on, with "(void *)bpf_pseudo_fd(1, -3)"
 * for the map. The static variable puts the type of the event into the module's BTF
 * (compile/outputs.h), and the map's number as the size of an array. */
#define RP_NUMBER_bpf_pseudo_fd(type, number) number
#define RP_NUMBER_RP_NO_CAST                  0 * (int)sizeof
#define RP_NO_CAST(...)
#define RP_NUMBER__(...) RP_NUMBER_##__VA_ARGS__
#define RP_NUMBER_(...)  RP_NUMBER__(__VA_ARGS__)
#define RP_NUMBER(map)   RP_NUMBER_(RP_NO_CAST map)
struct rp_unknown {
    char unknown;
};
/* An array decays to a pointer that is all of it. */
#define RP_IS_POINTER(data)                                                                        \
    __builtin_types_compatible_p(__typeof__(data), __typeof__(&(data)[0]))
#define RP_POINTER_TO(data)                                                                        \
    __typeof__(__builtin_choose_expr(RP_IS_POINTER(data), &(data)[0], (__typeof__(data) *)0))
#define RP_RECORD(pointer)                                                                         \
    __typeof__(_Generic((pointer)0, void *: *(struct rp_unknown *)0,                               \
                        const void *: *(struct rp_unknown *)0, default: *(pointer)0))
#define RP_KEEP_TYPE(map, data)                                                                    \
    static void (*rp_out)(char (*)[(unsigned)(RP_NUMBER(map))],                                    \
                          RP_RECORD(RP_POINTER_TO(data)) (*)[1])                                   \
        __attribute__((section(".rp.layout"), used))
#define bpf_perf_event_output(ctx, map, flags, data, size)                                         \
    ({ RP_KEEP_TYPE(map, data); rp_perf_event_output(ctx, map, flags, data, size); })
#define bpf_ringbuf_output(ring, data, size, flags)                                                \
    ({ RP_KEEP_TYPE(ring, data); rp_ringbuf_output(ring, data, size, flags); })
#define bpf_ringbuf_reserve(ring, size, flags) rp_ringbuf_reserve(ring, size, flags)
#define bpf_ringbuf_submit(data, flags)                                                            \
    ({                                                                                             \
        static __typeof__(data) rp_layout __attribute__((section(".rp.layout"), used));            \
        bpf_ringbuf_submit(data, flags);                                                           \
    })
#endif
