/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Soft interrupts by vector: the sum of their times in ns or, if the host program defines it,
 *   COUNT   their number
 *   DIST    a log2 histogram of their times, in units of UNIT ns
 *   CPU     only those on this CPU
 */
#include <linux/interrupt.h>

#ifdef DIST
#define SLOTS 64
#else
#define SLOTS 1
#endif

struct sums {
    u64 slots[SLOTS];
};
BPF_PERCPU_ARRAY(sums, struct sums, NR_SOFTIRQS);

static bool is_traced(void)
{
#ifdef CPU
    return bpf_get_smp_processor_id() == CPU;
#else
    return true;
#endif
}

#ifndef COUNT
/* A soft interrupt stays on its CPU, and no other begins there before it has ended; hard ones
 * may come in between, but they are not traced here. So each vector has one start time on each
 * CPU; 0: none. */
BPF_PERCPU_ARRAY(starts, u64, NR_SOFTIRQS);

RAW_TRACEPOINT_PROBE(softirq_entry)
{
    u32 vector = ctx->args[0];
    u64 *start = starts.lookup(&vector);
    if (start && is_traced())
        *start = bpf_ktime_get_ns();
    return 0;
}
#endif

static void add(u32 vector, u32 slot, u64 value)
{
    struct sums *sum = sums.lookup(&vector);
    if (sum) /* the mask is for the verifier */
        sum->slots[slot & (SLOTS - 1)] += value;
}

/* Counts interrupts when they end, which takes only this program. */
RAW_TRACEPOINT_PROBE(softirq_exit)
{
    u32 vector = ctx->args[0];
    if (!is_traced())
        return 0;
#ifdef COUNT
    if (is_target())
        add(vector, 0, 1);
#else
    u64 *start = starts.lookup(&vector);
    if (!start || !*start)
        return 0; /* it began before the probe */
    u64 time = bpf_ktime_get_ns() - *start;
    *start = 0;
    if (!is_target())
        return 0;
#ifdef DIST
    add(vector, bpf_log2l(time / UNIT), 1);
#else
    add(vector, 0, time);
#endif
#endif
    return 0;
}
