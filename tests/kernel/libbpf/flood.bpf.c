// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* More than a small ring buffer holds, by each of the two ways: what does not fit is lost. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "out.h"

const volatile pid_t target = 0;
__u64 tried = 0;

struct reserved {
    __u64 number;
};
struct copied {
    __u32 number;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} flood SEC(".maps");

__attribute__((noinline)) static int send_reserved(__u64 number)
{
    struct reserved *record = bpf_ringbuf_reserve(&flood, sizeof(*record), 0);
    if (!record)
        return 1;
    record->number = number;
    bpf_ringbuf_submit(record, 0);
    return 0;
}

static long send(__u32 index, void *ctx)
{
    struct copied copied = {.number = index};
    __sync_fetch_and_add(&tried, 2);
    bpf_ringbuf_output(&flood, &copied, sizeof(copied), 0);
    return send_reserved(index) > 1;
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 == target)
        bpf_loop(1000, send, NULL, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
