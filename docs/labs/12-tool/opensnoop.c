/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 12. A tool: a C program that compiles a BPF program, attaches it and
 * prints a row for each record. This one shows which files are opened, when the
 * call begins. It is to tell as well what became of it, in a column ERR, and to
 * have an option -x, which leaves out the calls that worked. */
#include <argp.h>
#include <reprobe_tool.h>
#include <stddef.h>

/* What runs in the kernel. */
static const char source[] =
    "struct event {\n"
    "    u32 pid;\n"
    "    char comm[16];\n"
    "    char path[256];\n"
    "};\n"
    "BPF_RINGBUF_OUTPUT(events, 64);\n"
    "\n"
    "TRACEPOINT_PROBE(syscalls, sys_enter_openat)\n"
    "{\n"
    "    struct event event = {};\n"
    "    if (!is_target())\n"
    "        return 0;\n"
    "    event.pid = bpf_get_current_pid_tgid() >> 32;\n"
    "    bpf_get_current_comm(event.comm, sizeof(event.comm));\n"
    "    bpf_probe_read_user_str(event.path, sizeof(event.path), args->filename);\n"
    "    events.ringbuf_output(&event, sizeof(event), 0);\n"
    "    return 0;\n"
    "}\n";

/* What arrives here: the same struct, in this program's types. */
struct event {
    uint32_t pid;
    char comm[16];
    char path[256];
};

/* The options that are this tool's own. */
static const struct argp_option options[] = {{0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)key, (void)arg, (void)state;
    return ARGP_ERR_UNKNOWN;
}

/* The row of a record: its columns from the left to the right. */
static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct event *event = record;
    (void)ctx;
    rp_cell_uint(row, "PID", 7, event->pid);
    rp_cell_text(row, "COMM", 16, event->comm, sizeof(event->comm));
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
