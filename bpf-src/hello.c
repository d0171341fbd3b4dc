/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* The classic: writes a line to the kernel's trace pipe each time a file is opened. */
#include <uapi/linux/ptrace.h>

int hello(void *ctx)
{
    if (is_target())
        bpf_trace_printk("Hello, World!\n");
    return 0;
}
