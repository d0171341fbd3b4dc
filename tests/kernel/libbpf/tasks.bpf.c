// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* An iterator: the threads of one process, as text. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t target = 0;

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    static const char format[] = "%d %s\n";
    if (!task || task->tgid != target)
        return 0;
    __u64 values[] = {task->pid, (__u64)task->comm};
    bpf_seq_printf(ctx->meta->seq, format, sizeof(format), values, sizeof(values));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
