/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Each program that begins, and the processes that it descends from. Needs Linux 5.17. */
#include <linux/sched.h>
#include <reprobe/callback.h>

struct event {
    u32 pid;
    u32 generation;
    u32 ancestor;
    char comm[TASK_COMM_LEN];
};

struct walk {
    struct task_struct *task;
    u32 pid;
};

BPF_RINGBUF_OUTPUT(events, 64);

BPF_CALLBACK(climb, u32 generation, struct walk *walk) {
    struct event event = {.pid = walk->pid, .generation = generation};
    bpf_probe_read_kernel(&event.ancestor, sizeof(event.ancestor), &walk->task->tgid);
    if (!event.ancestor)
        return 1;
    bpf_probe_read_kernel_str(&event.comm, sizeof(event.comm), &walk->task->comm);
    events.ringbuf_output(&event, sizeof(event), 0);
    bpf_probe_read_kernel(&walk->task, sizeof(walk->task), &walk->task->real_parent);
    return 0;
}

TRACEPOINT_PROBE(sched, sched_process_exec) {
    if (!is_target())
        return 0;
    struct walk walk = {.task = (struct task_struct *)bpf_get_current_task(),
                        .pid = bpf_get_current_pid_tgid() >> 32};
    bpf_loop(100, climb, &walk, 0);
    return 0;
}
