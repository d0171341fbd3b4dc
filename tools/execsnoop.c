/* SPDX-License-Identifier: Apache-2.0 */
/* execsnoop: a line for each program that starts. */
#include <argp.h>
#include <inttypes.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_execsnoop_c[];

enum { KEY_TRANSPORT = 0x1100, KEY_PAGES };

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Also show execs that failed", 0},
    {"transport", KEY_TRANSPORT, "ringbuf|ringbuf-output|perf", 0,
     "How records reach the tool: written in place in a ring buffer (the default), copied into "
     "one, or through perf buffers",
     0},
    {"pages", KEY_PAGES, "N", 0, "Size of the ring buffer in pages, a power of two (default: 256)",
     0},
    {0}};

struct execsnoop {
    struct rp_tool *tool;
    bool failed;
    const char *transport; /* the macro that selects it */
    uint64_t pages;
};

/* As in bpf-src/execsnoop.c. */
struct event {
    uint32_t pid;
    uint32_t ppid;
    int32_t ret;
    char comm[16];
    char filename[512];
};

static const char *transport_macro(const char *name) {
    if (strcmp(name, "ringbuf") == 0)
        return "TRANSPORT_RESERVE";
    if (strcmp(name, "ringbuf-output") == 0)
        return "TRANSPORT_OUTPUT";
    return strcmp(name, "perf") == 0 ? "TRANSPORT_PERF" : NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct execsnoop *tool = state->input;
    switch (key) {
    case 'x':
        tool->failed = true;
        return 0;
    case KEY_TRANSPORT:
        tool->transport = transport_macro(arg);
        if (!tool->transport)
            argp_error(state, "`%s` is not a transport (it is ringbuf, ringbuf-output or perf)",
                       arg);
        return 0;
    case KEY_PAGES:
        if (!rp_parse_count(arg, 1 << 18, &tool->pages) || (tool->pages & (tool->pages - 1)))
            argp_error(state, "`%s` is not a power of two up to 262144", arg);
        return 0;
    case ARGP_KEY_END:
        rp_tool_define(tool->tool, "%s", tool->transport);
        rp_tool_define(tool->tool, "PAGES=%" PRIu64, tool->pages);
        if (tool->failed)
            rp_tool_define(tool->tool, "FAILED");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct execsnoop *tool = ctx;
    const struct event *e = record;
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_uint(row, "PPID", 7, e->ppid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    if (tool->failed || tool->tool->json)
        rp_cell_int(row, "RET", -4, e->ret);
    rp_cell_text(row, "FILENAME", 0, e->filename, sizeof(e->filename));
}

int main(int argc, char **argv) {
    struct execsnoop tool = {.tool = rp_tool_new(), .transport = "TRANSPORT_RESERVE", .pages = 256};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "execsnoop.c",
                                   .source = rp_embedded_execsnoop_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each program that starts: its process, its "
                                     "parent, its name and its file."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
