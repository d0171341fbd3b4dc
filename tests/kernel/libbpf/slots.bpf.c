// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* What getpgid() was asked for, as histograms: in a map by task, and in a variable. libbpf's tools count in slots by
 * the number of the highest bit. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAX_SLOTS 20

const volatile pid_t target = 0;

struct hist {
    __u32 slots[MAX_SLOTS];
    char comm[16];
};

struct hist whole = {};
struct hist odd_and_even[2] = {};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __u32);
    __type(value, struct hist);
} hists SEC(".maps");

static struct hist zero;

static __u32 slot_of(__u32 value)
{
    __u32 slot = 0;
    for (int i = 0; i < MAX_SLOTS - 1 && value > 1; i++) {
        value >>= 1;
        slot++;
    }
    return slot;
}

static void count(struct hist *hist, __u32 slot)
{
    if (slot < MAX_SLOTS)
        __sync_fetch_and_add(&hist->slots[slot], 1);
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(struct trace_event_raw_sys_enter *ctx)
{
    __u32 pid = bpf_get_current_pid_tgid() >> 32, asked = ctx->args[0], slot = slot_of(asked);
    if (pid != target)
        return 0;
    bpf_map_update_elem(&hists, &pid, &zero, BPF_NOEXIST);
    struct hist *hist = bpf_map_lookup_elem(&hists, &pid);
    if (!hist)
        return 0;
    bpf_get_current_comm(hist->comm, sizeof(hist->comm));
    count(hist, slot);
    count(&whole, slot);
    count(&odd_and_even[asked % 2], slot);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
