// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Decides what a function of the kernel returns: nobody may remove a directory called "kept". */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define EPERM 1

const volatile pid_t target = 0;
int asked = 0, refused = 0;

SEC("fmod_ret/security_inode_rmdir") int BPF_PROG(decide, struct inode *dir, struct dentry *dentry, int ret)
{
    char name[8] = {};

    if (ret || bpf_get_current_pid_tgid() >> 32 != target)
        return ret;
    __sync_fetch_and_add(&asked, 1);
    bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
    if (name[0] != 'k' || name[1] != 'e' || name[2] != 'p' || name[3] != 't' || name[4])
        return 0;
    __sync_fetch_and_add(&refused, 1);
    return -EPERM;
}

char LICENSE[] SEC("license") = "GPL";
