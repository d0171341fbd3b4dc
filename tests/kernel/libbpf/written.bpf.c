// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* What a program hands to a library's function, when that returns: as sslsniff sees what is encrypted. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct written {
    __u32 pid, length;
    char text[32];
};

const struct written *unused_written; /* for objects of other compilers */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u64);
} buffers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
} events SEC(".maps");

SEC("uprobe")
int BPF_KPROBE(enter, void *channel, const char *buffer, int length)
{
    __u32 thread = bpf_get_current_pid_tgid();
    __u64 address = (__u64)buffer;
    bpf_map_update_elem(&buffers, &thread, &address, BPF_ANY);
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(leave, int length)
{
    __u64 ids = bpf_get_current_pid_tgid(), size = (__u32)length, *address;
    __u32 thread = ids;
    struct written event = {.pid = ids >> 32, .length = length};
    address = bpf_map_lookup_elem(&buffers, &thread);
    if (!address || length <= 0)
        return 0;
    barrier_var(size);
    if (size > sizeof(event.text) - 1)
        size = sizeof(event.text) - 1;
    bpf_probe_read_user(event.text, size, (void *)*address);
    bpf_map_delete_elem(&buffers, &thread);
    bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
