// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Functions that call functions: static, global, and passed to helpers. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;
__u64 sum = 0, from_global = 0, entries = 0;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 128);
    __type(key, __u32);
    __type(value, __u64);
} asked SEC(".maps");

__attribute__((noinline)) int triple(__u32 value)
{
    return value * 3;
}

static long add(__u32 index, __u64 *to)
{
    *to += index;
    return 0;
}

static long each(void *map, const __u32 *key, __u64 *value, void *ctx)
{
    __sync_fetch_and_add(&entries, 1);
    return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(struct trace_event_raw_sys_enter *ctx)
{
    __u32 key = ctx->args[0];
    __u64 local = 0;
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    bpf_map_update_elem(&asked, &key, &local, BPF_ANY);
    bpf_loop(5, add, &local, 0);
    sum += local;
    from_global += triple(2);
    entries = 0;
    bpf_for_each_map_elem(&asked, each, NULL, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
