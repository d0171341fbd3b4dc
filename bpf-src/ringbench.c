/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each getpgid() of the tool's own threads or, with PROCESSES, for each fork,
 * exec and exit of its children. How it travels:
 *   TRANSPORT_PERF     perf buffers, one for each CPU
 *   TRANSPORT_OUTPUT   ring buffer: made on the stack (or in scratch memory), then copied
 *   TRANSPORT_RESERVE  ring buffer: made where the reader reads it
 * and when the reader is woken:
 *   WAKE_BATCHED       when this many bytes wait (BPF_RB_FORCE_WAKEUP), otherwise never
 *   WAKE_NEVER         never: the reader polls all the time
 *   otherwise          as the kernel does, or as reprobe's runtime makes it (RP_BATCH_WAKEUPS)
 * SIZE is the size of a record in bytes, WORK how much each one has to find out.
 */
#include <reprobe/callback.h>

enum kind { CALL, FORK, EXEC, EXIT };

struct event {
    u64 time; /* nanoseconds of the monotonic clock */
    u32 pid;
    u16 cpu;
    u16 kind;
    char rest[SIZE - 16];
};

struct counts {
    u64 produced, failed;
};

BPF_PERCPU_ARRAY(counts, struct counts, 1);

#ifdef TRANSPORT_PERF
BPF_PERF_OUTPUT(events);
#else
BPF_RINGBUF_OUTPUT(events, PAGES);
#endif

#if SIZE > 256 && !defined(TRANSPORT_RESERVE) /* the stack has 512 bytes */
BPF_PERCPU_ARRAY(scratch, struct event, 1);
#endif

static void fill(struct event *event, u32 pid, u16 kind)
{
    event->time = bpf_ktime_get_ns();
    event->pid = pid;
    event->cpu = bpf_get_smp_processor_id();
    event->kind = kind;
#if SIZE <= 256
    __builtin_memset(event->rest, 0, sizeof(event->rest));
#endif
#if WORK /* stands for what a tool reads for its columns */
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    for (int i = 0; i < WORK; i++)
        bpf_probe_read_kernel(event->rest, 16, &task->comm);
#endif
}

/* The flags that decide whether this record wakes the reader. */
static u64 wake_flags(void)
{
#if defined(WAKE_BATCHED)
    u64 waiting = bpf_ringbuf_query(events, BPF_RB_AVAIL_DATA);
    return waiting >= WAKE_BATCHED ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
#elif defined(WAKE_NEVER)
    return BPF_RB_NO_WAKEUP;
#else
    return 0;
#endif
}

#ifdef TRANSPORT_RESERVE
/* The program learns first whether there is space. */
static int send(void *ctx, u32 pid, u16 kind)
{
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return -1;
    fill(event, pid, kind);
    events.ringbuf_submit(event, wake_flags());
    return 0;
}
#else
/* The program learns at the end whether there is space. */
static int send(void *ctx, u32 pid, u16 kind)
{
#if SIZE > 256
    int zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return -1;
#else
    struct event on_stack, *event = &on_stack;
#endif
    fill(event, pid, kind);
#ifdef TRANSPORT_PERF
    return events.perf_submit(ctx, event, sizeof(*event));
#else
    return events.ringbuf_output(event, sizeof(*event), wake_flags());
#endif
}
#endif

static int count_and_send(void *ctx, u32 pid, u16 kind)
{
    int zero = 0;
    struct counts *count = counts.lookup(&zero);
    if (!count)
        return 0;
    count->produced++;
    if (send(ctx, pid, kind))
        count->failed++;
    return 0;
}

#ifdef PROCESSES
TRACEPOINT_PROBE(sched, sched_process_fork)
{
    return is_target() ? count_and_send(args, args->child_pid, FORK) : 0;
}

TRACEPOINT_PROBE(sched, sched_process_exec)
{
    return is_target() ? count_and_send(args, args->pid, EXEC) : 0;
}

TRACEPOINT_PROBE(sched, sched_process_exit)
{
    u64 id = bpf_get_current_pid_tgid();
    bool is_thread = id >> 32 != (u32)id;
    return !is_thread && is_target() ? count_and_send(args, args->pid, EXIT) : 0;
}
#else
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    u64 id = bpf_get_current_pid_tgid();
    return id >> 32 == TARGET_PID ? count_and_send(args, (u32)id, CALL) : 0;
}
#endif
