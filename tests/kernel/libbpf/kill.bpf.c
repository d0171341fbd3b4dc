// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* A user ring buffer: what is sent is read when somebody calls kill(), and comes back. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct user_sample {
    int i;
    char comm[16];
};

struct event {
    int i, result; /* of the kill() that made it read */
    char comm[16];
};

const struct event *unused_event; /* for objects of other compilers */

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 256 * 1024);
} user_ringbuf SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} rb SEC(".maps");

int read = 0;

static long read_sample(struct bpf_dynptr *dynptr, void *context)
{
    struct event *event = bpf_ringbuf_reserve(&rb, sizeof(*event), 0);
    struct user_sample sample;
    if (!event)
        return 0;
    if (bpf_dynptr_read(&sample, sizeof(sample), dynptr, 0, 0)) {
        bpf_ringbuf_discard(event, 0);
        return 0;
    }
    event->i = sample.i;
    event->result = *(long *)context;
    __builtin_memcpy(event->comm, sample.comm, sizeof(event->comm));
    bpf_ringbuf_submit(event, 0);
    read++;
    return 0;
}

SEC("tracepoint/syscalls/sys_exit_kill")
int kill_exit(struct trace_event_raw_sys_exit *ctx)
{
    long result = ctx->ret;
    bpf_user_ringbuf_drain(&user_ringbuf, read_sample, &result, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
