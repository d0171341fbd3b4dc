/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Files that are removed: the arguments of a kernel function at its entry, its result at its return, by
 * kprobes and by fentry and fexit. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile int target = 0;

struct event {
    u32 pid;
    int dfd;
    long result;
    char how[8];
    char name[64];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 * 1024);
} events SEC(".maps");

static __always_inline int send(const char *how, int dfd, struct filename *name, long result)
{
    struct event *e;
    u32 pid = bpf_get_current_pid_tgid() >> 32;

    if (pid != target)
        return 0;
    e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e)
        return 0;
    e->pid = pid;
    e->dfd = dfd;
    e->result = result;
    __builtin_memcpy(e->how, how, 8);
    e->name[0] = 0;
    if (name)
        bpf_probe_read_kernel_str(e->name, sizeof(e->name), BPF_CORE_READ(name, name));
    bpf_ringbuf_submit(e, 0);
    return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(do_unlinkat, int dfd, struct filename *name)
{
    return send("kprobe\0", dfd, name, 0);
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(do_unlinkat_exit, int ret)
{
    return send("kret\0\0\0", 0, 0, ret);
}

SEC("fentry/do_unlinkat")
int BPF_PROG(enter, int dfd, struct filename *name)
{
    return send("fentry\0", dfd, name, 0);
}

SEC("fexit/do_unlinkat")
int BPF_PROG(leave, int dfd, struct filename *name, int ret)
{
    return send("fexit\0\0", dfd, 0, ret);
}

char LICENSE[] SEC("license") = "GPL";
