// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Lesson 2 in libbpf's dialect: counts, for each process, the directories
 * that it makes. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32); /* from a process */
    __type(value, __u64); /* to a number */
} made SEC(".maps");

SEC("tp/syscalls/sys_enter_mkdir")
int count(void *ctx)
{
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    __u64 one = 1;
    __u64 *count = bpf_map_lookup_elem(&made, &pid);
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        bpf_map_update_elem(&made, &pid, &one, BPF_ANY);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
