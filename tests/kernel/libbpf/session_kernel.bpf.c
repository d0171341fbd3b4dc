// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Sessions of functions of the kernel, of one that is named and of those of a pattern. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern bool bpf_session_is_return(void) __ksym __weak;

const volatile pid_t target = 0;
int entries = 0, returns = 0, failures = 0, of_pattern = 0, returns_of_pattern = 0;

SEC("kprobe.session/vfs_rmdir") int on_rmdir(struct pt_regs *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 1;
    if (!bpf_session_is_return()) {
        __sync_fetch_and_add(&entries, 1);
        return 0;
    }
    __sync_fetch_and_add(&returns, 1);
    if ((int)PT_REGS_RC(ctx) < 0)
        __sync_fetch_and_add(&failures, 1);
    return 0;
}

SEC("kprobe.session/vfs_rmd*") int on_pattern(struct pt_regs *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 1;
    if (bpf_session_is_return())
        __sync_fetch_and_add(&returns_of_pattern, 1);
    else
        __sync_fetch_and_add(&of_pattern, 1);
    return 1; /* it does not want to see the return */
}

char LICENSE[] SEC("license") = "GPL";
