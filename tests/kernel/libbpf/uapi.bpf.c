/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* The kernel's interface headers, and no vmlinux.h: counts writes of one process. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef unsigned int u32;
typedef int pid_t;

const volatile pid_t only_pid = 0;
unsigned long writes = 0;

SEC("tp/syscalls/sys_enter_write")
int handle_write(void *ctx)
{
    pid_t pid = bpf_get_current_pid_tgid() >> 32;

    if (only_pid && pid != only_pid)
        return 0;
    __sync_fetch_and_add(&writes, 1);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
