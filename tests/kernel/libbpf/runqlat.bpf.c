// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* How long a process waits for a processor, as runqlat has it. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bits.bpf.h"
#include "maps.bpf.h"

#define MAX_SLOTS    26
#define TASK_RUNNING 0

const volatile pid_t targ_tgid = 0;

struct hist {
    __u32 slots[MAX_SLOTS];
    char comm[TASK_COMM_LEN];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, u32);
    __type(value, u64);
} start SEC(".maps");

static struct hist zero;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, u32);
    __type(value, struct hist);
} hists SEC(".maps");

static int trace_enqueue(u32 tgid, u32 pid)
{
    u64 ts;
    if (!pid || (targ_tgid && targ_tgid != tgid))
        return 0;
    ts = bpf_ktime_get_ns();
    bpf_map_update_elem(&start, &pid, &ts, BPF_ANY);
    return 0;
}

static void note_wait(struct task_struct *task, s64 delta)
{
    u32 hkey = BPF_CORE_READ(task, tgid);
    struct hist *histp;
    u64 slot;
    if (delta < 0)
        return;
    histp = bpf_map_lookup_or_try_init(&hists, &hkey, &zero);
    if (!histp)
        return;
    if (!histp->comm[0])
        bpf_probe_read_kernel_str(&histp->comm, sizeof(histp->comm), task->comm);
    slot = log2l(delta / 1000U);
    if (slot >= MAX_SLOTS)
        slot = MAX_SLOTS - 1;
    __sync_fetch_and_add(&histp->slots[slot], 1);
}

static int handle_switch(struct task_struct *prev, struct task_struct *next)
{
    u32 pid = BPF_CORE_READ(next, pid);
    u64 *tsp;
    if (BPF_CORE_READ(prev, __state) == TASK_RUNNING)
        trace_enqueue(BPF_CORE_READ(prev, tgid), BPF_CORE_READ(prev, pid));
    tsp = bpf_map_lookup_elem(&start, &pid);
    if (!tsp)
        return 0;
    note_wait(next, bpf_ktime_get_ns() - *tsp);
    bpf_map_delete_elem(&start, &pid);
    return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *p)
{
    return trace_enqueue(p->tgid, p->pid);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *p)
{
    return trace_enqueue(p->tgid, p->pid);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
    return handle_switch(prev, next);
}

char LICENSE[] SEC("license") = "GPL";
