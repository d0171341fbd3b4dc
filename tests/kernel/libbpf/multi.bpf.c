// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Programs at all functions whose names match. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile pid_t target = 0;
int calls = 0, entered = 0, returned = 0, asked = 0, failed = 0;

SEC("uprobe.multi")
int on_call(void *ctx)
{
    __sync_fetch_and_add(&calls, 1);
    return 0;
}

SEC("kprobe.multi/vfs_rmdi*")
int BPF_KPROBE(on_rmdir)
{
    if (bpf_get_current_pid_tgid() >> 32 == target)
        __sync_fetch_and_add(&entered, 1);
    return 0;
}

SEC("kretprobe.multi/vfs_rmdi*")
int BPF_KRETPROBE(after_rmdir, int ret)
{
    if (bpf_get_current_pid_tgid() >> 32 == target && !ret)
        __sync_fetch_and_add(&returned, 1);
    return 0;
}

SEC("ksyscall/rmdir")
int BPF_KSYSCALL(on_syscall, const char *path)
{
    if (bpf_get_current_pid_tgid() >> 32 == target && path)
        __sync_fetch_and_add(&asked, 1);
    return 0;
}

SEC("kretsyscall/rmdir")
int BPF_KRETPROBE(after_syscall, long ret)
{
    if (bpf_get_current_pid_tgid() >> 32 == target && ret == -2)
        __sync_fetch_and_add(&failed, 1);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
