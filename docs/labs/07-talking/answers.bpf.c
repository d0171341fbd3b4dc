// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Lesson 7 in libbpf's dialect. A process puts requests into a user ring
 * buffer, and this program takes them out when getpgid() is called. It is to
 * answer each request: with its number, and with the square of its value. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct request {
    __u32 number, value;
};

struct answer {
    __u32 number;
    __u64 square;
};

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 4096);
} requests SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 32 * 1024);
} answers SEC(".maps");

/* Called for each request. */
static long answer_one(struct bpf_dynptr *sample, void *ctx)
{
    struct request request;
    if (bpf_dynptr_read(&request, sizeof(request), sample, 0, 0))
        return 0; /* it is too short */
    return 0; /* go on with the next */
}

SEC("tp/syscalls/sys_enter_getpgid")
int drain_requests(void *ctx)
{
    bpf_user_ringbuf_drain(&requests, answer_one, NULL, 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
