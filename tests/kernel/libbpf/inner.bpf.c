// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Maps in a map: the calls with odd numbers in one, the others in another. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;

struct calls {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, __u64);
} even SEC(".maps"), odd SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct calls);
} both SEC(".maps") = {.values = {&even, &odd}};

SEC("tp/syscalls/sys_enter_getpgid")
int enter(struct trace_event_raw_sys_enter *ctx)
{
    __u32 number = ctx->args[0], which = number & 1;
    __u64 one = 1, *count;
    void *calls;
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    calls = bpf_map_lookup_elem(&both, &which);
    if (!calls)
        return 0;
    count = bpf_map_lookup_elem(calls, &number);
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        bpf_map_update_elem(calls, &number, &one, BPF_ANY);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
