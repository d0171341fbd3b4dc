/* SPDX-License-Identifier: Apache-2.0 */
/* What reprobe adds to every source, after libbcc's headers and the kernel's types: the target,
 * and an honest count of events that could not be sent. */
#pragma once

#ifndef TARGET_PID
/* The target process, 0: none. A constant that is filled in when the program is loaded, so that one
 * compile serves every target. */
static __always_inline int rp_target_pid(void)
{
    u64 pid;
    asm("%0 = %1 ll" : "=r"(pid) : "i"(RP_SLOT_TARGET));
    return pid;
}
#define TARGET_PID rp_target_pid()
#endif

/* What adapt.c makes of a BPF_CALLBACK that is not prelude/callback.h's. */
#define RP_CALLBACK_ BPF_CALLBACK
#define RP_WRAPPER(...)

#if RP_USES_IS_TARGET
/* Whether this event is the target's: of process TARGET_PID or of a descendant of it, up to 16
 * generations; of any process when there is no target. */
static __always_inline int is_target(void)
{
    if (!TARGET_PID)
        return 1;
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    /* Unrolled it takes longer to compile than all of a small program. Loops: since Linux 5.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 3, 0)
#pragma unroll
#else
#pragma nounroll
#endif
    for (int i = 0; i < 16; i++) {
        int tgid = 0;
        bpf_probe_read_kernel(&tgid, sizeof(tgid), &task->tgid);
        if (tgid == TARGET_PID)
            return 1;
        if (tgid <= 1)
            return 0;
        bpf_probe_read_kernel(&task, sizeof(task), &task->real_parent);
    }
    return 0;
}
#endif

#if RP_LOST_FD
static __always_inline void rp_count_lost(void)
{
    u32 zero = 0;
    u64 *lost = bpf_map_lookup_elem_(bpf_pseudo_fd(1, RP_LOST_FD), &zero);
    if (lost)
        __sync_fetch_and_add(lost, 1);
}

static __always_inline long rp_perf_event_output(void *ctx, void *map, u64 flags, void *data,
                                                 u64 size)
{
    long err = bpf_perf_event_output(ctx, map, flags, data, size);
    if (err)
        rp_count_lost();
    return err;
}

/* The reader of a ring buffer that flows is not woken for each record (stream/ringbuf.c), but when
 * another quarter of the ring is written: whether a record of `size` bytes begins one. A source
 * that speaks of the flags for waking itself is left alone. */
#ifndef RP_BATCH_WAKEUPS
#define RP_BATCH_WAKEUPS !RP_USES_WAKEUP_FLAGS
#endif
static __always_inline int rp_begins_quarter(void *ring, u64 size)
{
    u64 from = bpf_ringbuf_query(ring, BPF_RB_PROD_POS);
    u64 to = from + ((size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL);
    if (!((from ^ to) & -1024ULL)) /* of the smallest ring: ask no more, mostly */
        return 0;
    return !!((from ^ to) & -(bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 4));
}

static __always_inline long rp_ringbuf_output(void *ring, void *data, u64 size, u64 flags)
{
    if (RP_BATCH_WAKEUPS && !flags && rp_begins_quarter(ring, size))
        flags = BPF_RB_FORCE_WAKEUP;
    long err = bpf_ringbuf_output(ring, data, size, flags);
    if (err)
        rp_count_lost();
    return err;
}

static __always_inline void *rp_ringbuf_reserve(void *ring, u64 size, u64 flags)
{
    /* When the record is submitted, nobody tells which ring it is of. */
    if (RP_BATCH_WAKEUPS && rp_begins_quarter(ring, size)) {
        void *bell = bpf_ringbuf_reserve(ring, 8, 0);
        if (bell)
            bpf_ringbuf_discard(bell, BPF_RB_FORCE_WAKEUP);
    }
    void *record = bpf_ringbuf_reserve(ring, size, flags);
    if (!record)
        rp_count_lost();
    return record;
}

/* libbcc writes these calls where the source says events.perf_submit() and so on. The static
 * variable puts the event's own type into the module's BTF, for printing. */
#define RP_KEEP_TYPE(data)                                                                         \
    static __typeof__(data) __attribute__((section(".rp.layout"), used)) rp_layout
#define bpf_perf_event_output(ctx, map, flags, data, size)                                         \
    ({ RP_KEEP_TYPE(data); rp_perf_event_output(ctx, map, flags, data, size); })
#define bpf_ringbuf_output(ring, data, size, flags)                                                \
    ({ RP_KEEP_TYPE(data); rp_ringbuf_output(ring, data, size, flags); })
#define bpf_ringbuf_reserve(ring, size, flags) rp_ringbuf_reserve(ring, size, flags)
#define bpf_ringbuf_submit(data, flags)                                                            \
    ({ RP_KEEP_TYPE(data); bpf_ringbuf_submit(data, flags); })
#endif
