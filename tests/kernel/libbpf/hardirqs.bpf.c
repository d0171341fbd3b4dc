/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* How long interrupts take: settings, tp_btf and raw_tp twins, a log2 histogram in slots[]. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bits.bpf.h"
#include "maps.bpf.h"

#define MAX_SLOTS 20

const volatile bool targ_dist = false;
const volatile bool targ_ns = false;

struct irq_key {
    char name[32];
};

struct info {
    u64 count;
    u32 slots[MAX_SLOTS];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} start SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 256);
    __type(key, struct irq_key);
    __type(value, struct info);
} infos SEC(".maps");

static struct info zero;

static int handle_entry(int irq, struct irqaction *action)
{
    u64 ts = bpf_ktime_get_ns();
    u32 key = 0;

    bpf_map_update_elem(&start, &key, &ts, BPF_ANY);
    return 0;
}

static int handle_exit(int irq, struct irqaction *action)
{
    struct irq_key ikey = {};
    struct info *info;
    u32 key = 0;
    u64 *tsp, delta, slot; /* Linux 6.1 loses the limits of what has 32 bits */

    tsp = bpf_map_lookup_elem(&start, &key);
    if (!tsp || !*tsp)
        return 0;
    delta = bpf_ktime_get_ns() - *tsp;
    if (!targ_ns)
        delta /= 1000U;
    bpf_probe_read_kernel_str(&ikey.name, sizeof(ikey.name), BPF_CORE_READ(action, name));
    info = bpf_map_lookup_or_try_init(&infos, &ikey, &zero);
    if (!info)
        return 0;
    if (!targ_dist) {
        info->count += delta;
        return 0;
    }
    slot = log2l(delta);
    if (slot >= MAX_SLOTS)
        slot = MAX_SLOTS - 1;
    info->slots[slot]++;
    return 0;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry_btf, int irq, struct irqaction *action)
{
    return handle_entry(irq, action);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit_btf, int irq, struct irqaction *action)
{
    return handle_exit(irq, action);
}

SEC("raw_tp/irq_handler_entry")
int BPF_PROG(irq_handler_entry, int irq, struct irqaction *action)
{
    return handle_entry(irq, action);
}

SEC("raw_tp/irq_handler_exit")
int BPF_PROG(irq_handler_exit, int irq, struct irqaction *action)
{
    return handle_exit(irq, action);
}

char LICENSE[] SEC("license") = "GPL";
