// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* A function of a program's: its argument and its result, by probes whose place the user says. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("uprobe")
int BPF_KPROBE(on_entry, int number)
{
    bpf_printk("entry %d", number);
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(on_return, int result)
{
    bpf_printk("return %d", result);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
