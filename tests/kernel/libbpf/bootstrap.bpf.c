/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Processes that begin and end: one ring buffer, two moments, how long in between. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bootstrap.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8192);
    __type(key, pid_t);
    __type(value, u64);
} exec_start SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} rb SEC(".maps");

const volatile unsigned long long min_duration_ns = 0;

SEC("tp/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
    pid_t pid = bpf_get_current_pid_tgid() >> 32;
    u64 ts = bpf_ktime_get_ns();
    unsigned fname_off = ctx->__data_loc_filename & 0xFFFF;
    struct event *e;

    bpf_map_update_elem(&exec_start, &pid, &ts, BPF_ANY);
    if (min_duration_ns)
        return 0;
    e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
    if (!e)
        return 0;
    __builtin_memset(e, 0, sizeof(*e));
    e->pid = pid;
    e->ppid = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), real_parent, tgid);
    bpf_get_current_comm(&e->comm, sizeof(e->comm));
    bpf_probe_read_str(&e->filename, sizeof(e->filename), (void *)ctx + fname_off);
    bpf_ringbuf_submit(e, 0);
    return 0;
}

SEC("tp/sched/sched_process_exit")
int handle_exit(void *ctx)
{
    u64 id = bpf_get_current_pid_tgid(), *start_ts, duration_ns;
    pid_t pid = id >> 32, tid = (u32)id;
    struct event *e;

    if (pid != tid)
        return 0;
    start_ts = bpf_map_lookup_elem(&exec_start, &pid);
    if (!start_ts)
        return 0;
    duration_ns = bpf_ktime_get_ns() - *start_ts;
    bpf_map_delete_elem(&exec_start, &pid);
    if (min_duration_ns && duration_ns < min_duration_ns)
        return 0;
    e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
    if (!e)
        return 0;
    __builtin_memset(e, 0, sizeof(*e));
    e->exit_event = true;
    e->duration_ms = duration_ns / 1000000;
    e->pid = pid;
    e->exit_code = (BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), exit_code) >> 8) & 0xff;
    bpf_get_current_comm(&e->comm, sizeof(e->comm));
    bpf_ringbuf_submit(e, 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
