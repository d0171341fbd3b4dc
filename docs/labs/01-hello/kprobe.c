/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Says hello from a kernel function. */

int kprobe__do_mkdirat(struct pt_regs *ctx)
{
    bpf_trace_printk("Hello, World!\n");
    return 0;
}
