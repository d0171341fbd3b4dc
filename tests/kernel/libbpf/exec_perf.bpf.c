/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Who executes what: a perf buffer, and the record on the stack. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

struct event {
    u32 pid;
    char comm[TASK_COMM_LEN];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(u32));
    __uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *ctx)
{
    struct event e = {.pid = bpf_get_current_pid_tgid() >> 32};

    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
    return 0;
}

char _license[] SEC("license") = "GPL";
