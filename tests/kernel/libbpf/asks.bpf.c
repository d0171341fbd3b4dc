/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Written for another kernel, whose task_struct has a member, and which has a function, that this one lacks: it
 * asks before it uses them. And it asks for the kernel's version and configuration. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF_SYSCALL __kconfig __weak;

const volatile int target = 0;
u64 calls, tgid;
int version;
bool has_bpf;

static __always_inline u64 id_of(struct task_struct *task)
{
    if (bpf_core_field_exists(task->no_such_id))
        return BPF_CORE_READ(task, no_such_id);
    return BPF_CORE_READ(task, tgid);
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_call(void *ctx)
{
    struct task_struct *task = (void *)bpf_get_current_task();

    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    if (bpf_ksym_exists(bpf_no_such_function))
        bpf_no_such_function(task, 1);
    calls++;
    tgid = id_of(task);
    version = LINUX_KERNEL_VERSION;
    has_bpf = CONFIG_BPF_SYSCALL;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
