// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Programs of which one cannot be attached and one cannot be loaded: the third runs all the same. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;
__u64 calls = 0;

SEC("tp/syscalls/sys_enter_no_such_call")
int absent(void *ctx)
{
    return 0;
}

SEC("tp/syscalls/sys_exit_getpgid")
int rejected(void *ctx)
{
    return *(volatile int *)(long)(calls + 8); /* no pointer */
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 == target)
        __sync_fetch_and_add(&calls, 1);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
