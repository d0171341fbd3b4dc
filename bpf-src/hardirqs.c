/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Interrupts by the name of the action that handled them: the sum of their times in ns or, if the
 * host program defines it,
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

struct name {
    char text[32];
};
struct sums {
    u64 slots[SLOTS];
};
BPF_HASH(sums, struct name, struct sums);
BPF_ARRAY(zeros, struct sums, 1); /* may be too large for the stack */

static bool is_traced(void)
{
#ifdef CPU
    return bpf_get_smp_processor_id() == CPU;
#else
    return true;
#endif
}

#ifndef COUNT
/* The handlers that run on this CPU now. Those of a shared line run one after another; a handler
 * that lets interrupts in may be interrupted by another one, which then ends first. */
#define LEVELS 8
struct running {
    u32 count;
    u64 starts[LEVELS];
};
BPF_PERCPU_ARRAY(running, struct running, 1);

RAW_TRACEPOINT_PROBE(irq_handler_entry)
{
    int zero = 0;
    struct running *now = running.lookup(&zero);
    if (!now || !is_traced())
        return 0;
    u32 level = now->count++;
    if (level < LEVELS)
        now->starts[level] = bpf_ktime_get_ns();
    return 0;
}

/* The time since the entry that belongs to this exit. Without an entry, the handler began before
 * the probe. The exit is attached first, so that every entry that is seen has an exit that is
 * seen. */
static bool end_handler(u64 *time)
{
    int zero = 0;
    struct running *now = running.lookup(&zero);
    if (!now || !now->count)
        return false;
    u32 level = --now->count;
    if (level >= LEVELS)
        return false;
    *time = bpf_ktime_get_ns() - now->starts[level];
    return true;
}
#endif

static struct sums *sums_of(struct irqaction *action)
{
    int zero = 0;
    struct name name = {};
    bpf_probe_read_kernel_str(name.text, sizeof(name.text), action->name);
    struct sums *sum = sums.lookup(&name);
    if (sum)
        return sum;
    struct sums *empty = zeros.lookup(&zero);
    if (!empty)
        return 0;
    sums.insert(&name, empty); /* another CPU may have been faster */
    return sums.lookup(&name);
}

static void add(struct irqaction *action, u32 slot, u64 value)
{
    struct sums *sum = sums_of(action);
    if (sum) /* the mask is for the verifier */
        __sync_fetch_and_add(&sum->slots[slot & (SLOTS - 1)], value);
}

/* Counts interrupts when they end, which takes only this program. The return value does not
 * matter: a handler that finds that the interrupt was not for it (IRQ_NONE: a shared line) took
 * time, too. */
RAW_TRACEPOINT_PROBE(irq_handler_exit)
{
    struct irqaction *action = (struct irqaction *)ctx->args[1];
    if (!is_traced())
        return 0;
#ifdef COUNT
    if (is_target())
        add(action, 0, 1);
#else
    u64 time;
    if (!end_handler(&time) || !is_target())
        return 0;
#ifdef DIST
    add(action, bpf_log2l(time / UNIT), 1);
#else
    add(action, 0, time);
#endif
#endif
    return 0;
}
