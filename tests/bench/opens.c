/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts/bench start compares with bpftrace's
 *   tracepoint:syscalls:sys_enter_openat { printf("%d %s %s\n", pid, comm, str(args->filename)); }
 */
struct event {
    u32 pid;
    char comm[16];
    char filename[64];
};
BPF_PERF_OUTPUT(events);

TRACEPOINT_PROBE(syscalls, sys_enter_openat) {
    struct event event = {.pid = bpf_get_current_pid_tgid() >> 32};
    bpf_get_current_comm(event.comm, sizeof(event.comm));
    bpf_probe_read_user_str(event.filename, sizeof(event.filename), args->filename);
    events.perf_submit(args, &event, sizeof(event));
    return 0;
}
