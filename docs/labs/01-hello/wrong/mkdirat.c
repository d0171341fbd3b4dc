/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 1: says hello whenever a directory is made. */

TRACEPOINT_PROBE(syscalls, sys_enter_mkdirat)
{
    bpf_trace_printk("Hello, World!\n");
    return 0;
}
