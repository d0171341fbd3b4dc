// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* An object of another compiler: the type of its records is kept by a pointer that nobody uses, as authors do for
 * their own generators. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;

struct event {
    __u32 pid;
    __u64 asked;
};
const struct event *unused __attribute__((unused));

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} hinted SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(struct trace_event_raw_sys_enter *ctx)
{
    struct event event = {.pid = bpf_get_current_pid_tgid() >> 32, .asked = ctx->args[0]};
    __u16 two = 258;
    if (event.pid != target)
        return 0;
    bpf_ringbuf_output(&hinted, &event, sizeof(event), 0);
    bpf_ringbuf_output(&hinted, &two, sizeof(two), 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
