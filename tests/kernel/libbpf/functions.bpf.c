/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Functions and programs: kprobe, kretprobe, fentry, fexit, and the kernel asked what it has. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct___old {
    long state;
} __attribute__((preserve_access_index));

struct key {
    u32 pid;
    long state;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, struct key);
    __type(value, u64);
} calls SEC(".maps");

static __always_inline long state_of(struct task_struct *task)
{
    struct task_struct___old *old = (void *)task;

    if (bpf_core_field_exists(task->__state))
        return BPF_CORE_READ(task, __state);
    return BPF_CORE_READ(old, state);
}

static __noinline int count(void)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct key key = {.pid = BPF_CORE_READ(task, tgid), .state = state_of(task)};
    u64 one = 1, *found = bpf_map_lookup_elem(&calls, &key);

    if (found)
        __sync_fetch_and_add(found, 1);
    else
        bpf_map_update_elem(&calls, &key, &one, BPF_NOEXIST);
    return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(do_unlinkat, int dfd, struct filename *name)
{
    const char *text = BPF_CORE_READ(name, name);

    bpf_printk("unlink %d %s", dfd, text);
    return count();
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(do_unlinkat_exit, long ret)
{
    return ret < 0 ? 0 : count();
}

SEC("fentry/vfs_read")
int BPF_PROG(enter_read, struct file *file)
{
    return file->f_flags & 1 ? 0 : count();
}

SEC("fexit/vfs_read")
int BPF_PROG(exit_read, struct file *file, char *buf, size_t size, loff_t *pos, ssize_t ret)
{
    return ret > 0 ? count() : 0;
}

char LICENSE[] SEC("license") = "GPL";
