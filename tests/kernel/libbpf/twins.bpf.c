// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* The system calls of one process, by number: a raw tracepoint in both of its forms, of which only one may count. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile pid_t target = 0;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, long);
    __type(value, __u64);
} counts SEC(".maps");

static int count(long id)
{
    __u64 zero = 0, *value;
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    bpf_map_update_elem(&counts, &id, &zero, BPF_NOEXIST);
    value = bpf_map_lookup_elem(&counts, &id);
    if (value)
        __sync_fetch_and_add(value, 1);
    return 0;
}

SEC("raw_tp/sys_enter")
int BPF_PROG(raw, struct pt_regs *regs, long id)
{
    return count(id);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(typed, struct pt_regs *regs, long id)
{
    return count(id);
}

char LICENSE[] SEC("license") = "GPL";
