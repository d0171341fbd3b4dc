// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* A program in three parts, each of which goes on in the next by a map that is declared with them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;
int entered = 0, first = 0, second = 0, beyond = 0;

int count_first(void *ctx);
int count_second(void *ctx);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 4);
    __uint(key_size, sizeof(__u32));
    __array(values, int(void *));
} parts SEC(".maps") = {.values = {[0] = (void *)&count_first, [3] = (void *)&count_second}};

SEC("tp")
int count_first(void *ctx)
{
    first++;
    bpf_tail_call(ctx, &parts, 3);
    beyond++;
    return 0;
}

SEC("tp")
int count_second(void *ctx)
{
    second++;
    bpf_tail_call(ctx, &parts, 1); /* there is none */
    beyond += 100;
    return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int enter(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    entered++;
    bpf_tail_call(ctx, &parts, 0);
    beyond++;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
