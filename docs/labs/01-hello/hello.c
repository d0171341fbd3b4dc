/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 1. This program is to say hello whenever a directory is made. It
 * listens at the wrong place: mend that, and save. */

TRACEPOINT_PROBE(syscalls, sys_enter_rmdir)
{
    bpf_trace_printk("Hello, World!\n");
    return 0;
}
