// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Where one process spends its time: samples with its stack, counted. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;

struct sampled {
    __u32 pid;
    int user;
};

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
} stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct sampled);
    __type(value, __u64);
} counts SEC(".maps");

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
    struct sampled key = {.pid = bpf_get_current_pid_tgid() >> 32};
    __u64 zero = 0, *value;
    if (key.pid != target)
        return 0;
    key.user = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
    bpf_map_update_elem(&counts, &key, &zero, BPF_NOEXIST);
    value = bpf_map_lookup_elem(&counts, &key);
    if (value)
        __sync_fetch_and_add(value, 1);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
