/* SPDX-License-Identifier: Apache-2.0 */
/* opensnoop: a line for each file that is opened. */
#include <argp.h>

#include "reprobe_tool.h"

extern const char rp_embedded_opensnoop_c[];

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Show only calls that failed", 0},
    {"duration", 'd', "DURATION", 0, "End after this time, as --for does", 0},
    {"extended-fields", 'e', 0, 0, "Add a column with the flags", 0},
    {"print-uid", 'U', 0, 0, "Add a column with the user id", 0},
    {0}};

struct opensnoop {
    struct rp_tool *tool;
    bool flags, uid;
};

/* As in bpf-src/opensnoop.c. */
struct event {
    uint32_t pid;
    uint32_t uid;
    int32_t ret;
    int32_t flags;
    char comm[16];
    char path[4096];
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct opensnoop *tool = state->input;
    switch (key) {
    case 'x':
        rp_tool_define(tool->tool, "FAILED");
        return 0;
    case 'd':
        if (!rp_parse_duration(arg, &tool->tool->session->duration_ns))
            argp_error(state, "`%s` is not a duration (try 10, 500ms, 2m)", arg);
        return 0;
    case 'e':
        tool->flags = true;
        return 0;
    case 'U':
        tool->uid = true;
        return 0;
    case ARGP_KEY_END:
        if (rp_probe_exists("tracepoint:syscalls:sys_enter_open"))
            rp_tool_define(tool->tool, "HAVE_OPEN");
        if (rp_probe_exists("tracepoint:syscalls:sys_enter_openat2"))
            rp_tool_define(tool->tool, "HAVE_OPENAT2");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct opensnoop *tool = ctx;
    const struct event *e = record;
    if (tool->uid || tool->tool->json)
        rp_cell_uint(row, "UID", 6, e->uid);
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    rp_cell_int(row, "FD", -3, e->ret < 0 ? -1 : e->ret);
    rp_cell_int(row, "ERR", -3, e->ret < 0 ? -e->ret : 0);
    if (tool->tool->json) {
        rp_cell_int(row, "FLAGS", 0, e->flags);
    } else if (tool->flags) {
        char octal[16]; /* as in <fcntl.h> and in man pages */
        snprintf(octal, sizeof(octal), "%08o", (unsigned)e->flags);
        rp_cell_text(row, "FLAGS", 8, octal, sizeof(octal));
    }
    rp_cell_text(row, "PATH", 0, e->path, sizeof(e->path));
}

int main(int argc, char **argv) {
    struct opensnoop tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "opensnoop.c",
                                   .source = rp_embedded_opensnoop_c,
                                   .record_size = sizeof(struct event),
                                   .least_size = offsetof(struct event, path),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each attempt to open a file: the process, the "
                                  "file descriptor, the error, the path as given."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
