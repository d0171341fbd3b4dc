// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Memory that is allocated and not freed, with who allocated it: as memleak does it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct allocated {
    __u64 size;
    int stack;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u64);
} sizes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u64);
    __type(value, struct allocated);
} allocs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(key_size, sizeof(__u32));
} stacks SEC(".maps");

__u64 allocations = 0, frees = 0;

SEC("uprobe")
int BPF_KPROBE(alloc_enter, size_t size)
{
    __u32 thread = bpf_get_current_pid_tgid();
    __u64 bytes = size;
    bpf_map_update_elem(&sizes, &thread, &bytes, BPF_ANY);
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(alloc_exit, void *memory)
{
    __u32 thread = bpf_get_current_pid_tgid();
    __u64 address = (__u64)memory, *size = bpf_map_lookup_elem(&sizes, &thread);
    struct allocated allocated = {};
    if (!size || !address)
        return 0;
    allocated.size = *size;
    allocated.stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
    bpf_map_delete_elem(&sizes, &thread);
    bpf_map_update_elem(&allocs, &address, &allocated, BPF_ANY);
    __sync_fetch_and_add(&allocations, 1);
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(free_enter, void *memory)
{
    __u64 address = (__u64)memory;
    if (!bpf_map_delete_elem(&allocs, &address))
        __sync_fetch_and_add(&frees, 1);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
