// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Records of two types in one ring buffer, which their sizes tell apart, and in another one two that they do not. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "out.h"

const volatile pid_t target = 0;

struct small {
    __u32 number;
};
struct large {
    __u64 number, square;
};
struct alike {
    __u32 other;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} apart SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} same SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(struct trace_event_raw_sys_enter *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    struct small small = {7};
    struct large large = {9, 81};
    struct alike alike = {5};
    bpf_ringbuf_output(&apart, &small, sizeof(small), 0);
    bpf_ringbuf_output(&apart, &large, sizeof(large), 0);
    bpf_ringbuf_output(&same, &small, sizeof(small), 0);
    bpf_ringbuf_output(&same, &alike, sizeof(alike), 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
