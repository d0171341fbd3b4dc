/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* An iterator that writes records: the open files of a process. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

const volatile int target = 0;

struct row {
    u32 pid;
    u32 fd;
    char name[32];
};

SEC("iter/task_file")
int each_file(struct bpf_iter__task_file *ctx)
{
    struct task_struct *task = ctx->task;
    struct file *file = ctx->file;
    struct row row = {};

    if (!task || !file || task->tgid != target)
        return 0;
    row.pid = task->tgid;
    row.fd = ctx->fd;
    bpf_probe_read_kernel_str(row.name, sizeof(row.name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
    bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
