/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* opensnoop: a row for each file that is opened, when the call returns. */
#include <argp.h>
#include <reprobe_tool.h>
#include <stddef.h>

/* What runs in the kernel. */
static const char source[] =
    "struct event {\n"
    "    u32 pid;\n"
    "    int err;\n"
    "    char comm[16];\n"
    "    char path[256];\n"
    "};\n"
    "BPF_HASH(paths, u32, const char *);\n" /* of the call that a thread is in */
    "BPF_RINGBUF_OUTPUT(events, 64);\n"
    "\n"
    "TRACEPOINT_PROBE(syscalls, sys_enter_openat)\n"
    "{\n"
    "    u32 thread = bpf_get_current_pid_tgid();\n"
    "    const char *path = args->filename;\n"
    "    if (is_target())\n"
    "        paths.update(&thread, &path);\n"
    "    return 0;\n"
    "}\n"
    "\n"
    "TRACEPOINT_PROBE(syscalls, sys_exit_openat)\n"
    "{\n"
    "    u32 thread = bpf_get_current_pid_tgid();\n"
    "    const char **path = paths.lookup(&thread);\n"
    "    struct event event = {};\n"
    "    if (!path)\n"
    "        return 0;\n"
    "    event.pid = bpf_get_current_pid_tgid() >> 32;\n"
    "    event.err = args->ret < 0 ? -args->ret : 0;\n"
    "    bpf_get_current_comm(event.comm, sizeof(event.comm));\n"
    "    bpf_probe_read_user_str(event.path, sizeof(event.path), *path);\n"
    "    paths.delete(&thread);\n"
    "#ifdef FAILED\n" /* -x */
    "    if (!event.err)\n"
    "        return 0;\n"
    "#endif\n"
    "    events.ringbuf_output(&event, sizeof(event), 0);\n"
    "    return 0;\n"
    "}\n";

/* What arrives here: the same struct, in this program's types. */
struct event {
    uint32_t pid;
    char comm[16];
    char path[256];
    int32_t err;
};

/* The options that are this tool's own. */
static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Show only calls that failed", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct rp_tool *tool = state->input;
    (void)arg;
    if (key != 'x')
        return ARGP_ERR_UNKNOWN;
    rp_tool_define(tool, "FAILED");
    return 0;
}

/* The row of a record: its columns from the left to the right. */
static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct event *event = record;
    (void)ctx;
    rp_cell_uint(row, "PID", 7, event->pid);
    rp_cell_text(row, "COMM", 16, event->comm, sizeof(event->comm));
    rp_cell_int(row, "ERR", -3, event->err);
    rp_cell_text(row, "PATH", 0, event->path, sizeof(event->path));
}

int main(int argc, char **argv) {
    struct rp_tool *tool = rp_tool_new();
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "opensnoop.c",
                                   .source = source,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a row for each file that is opened."};
    return rp_snoop_main(argc, argv, &argp, tool, &snoop);
}
