// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* A program that no event runs: it runs once, and lets a timer run. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

struct clock_alarm {
    struct bpf_timer timer;
    int rings;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct clock_alarm);
} alarms SEC(".maps");

const volatile int numbers = 10;
int runs = 0, sum = 0, rings = 0;

static long add(__u32 i, int *to)
{
    *to += i;
    return 0;
}

/* Five times, a millisecond apart. */
static int on_ring(void *map, __u32 *key, struct clock_alarm *clock)
{
    rings = ++clock->rings;
    if (rings < 5)
        bpf_timer_start(&clock->timer, 1000000, 0);
    return 0;
}

SEC("syscall")
int once(void *ctx)
{
    __u32 zero = 0;
    int all = 0;
    struct clock_alarm *clock = bpf_map_lookup_elem(&alarms, &zero);
    runs++;
    bpf_loop(numbers, add, &all, 0);
    sum = all;
    if (!clock || bpf_timer_init(&clock->timer, &alarms, CLOCK_MONOTONIC))
        return -1;
    bpf_timer_set_callback(&clock->timer, on_ring);
    return bpf_timer_start(&clock->timer, 1000000, 0);
}

/* It keeps the program running. */
SEC("tp/syscalls/sys_enter_getpgid")
int unused(void *ctx)
{
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
