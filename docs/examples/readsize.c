/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* How many bytes each read of a file returns. */
#include <uapi/linux/ptrace.h>

BPF_HISTOGRAM(bytes);

int kretprobe__vfs_read(struct pt_regs *ctx)
{
    int ret = PT_REGS_RC(ctx);
    if (is_target() && ret >= 0)
        bytes.increment(bpf_log2l(ret));
    return 0;
}
