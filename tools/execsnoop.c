/* SPDX-License-Identifier: Apache-2.0 */
/* execsnoop: a line for each program that begins. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe.h"

extern const char rp_embedded_execsnoop_c[];

enum { KEY_TRANSPORT = 0x1100, KEY_PAGES };

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Failed execs too", 0},
    {"transport", KEY_TRANSPORT, "ringbuf|ringbuf-output|perf", 0,
     "How records travel: written in place in a ring buffer (the default), copied into one, or "
     "through perf buffers",
     0},
    {"pages", KEY_PAGES, "N", 0, "Size of the ring buffer in pages, a power of two (256)", 0},
    {0}};

struct execsnoop {
    struct rp_tool tool;
    bool failed;
    const char *transport; /* the macro that selects it */
    unsigned pages;
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
        return "-DTRANSPORT_RESERVE";
    if (strcmp(name, "ringbuf-output") == 0)
        return "-DTRANSPORT_OUTPUT";
    return strcmp(name, "perf") == 0 ? "-DTRANSPORT_PERF" : NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct execsnoop *tool = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &tool->tool;
        return 0;
    case 'x':
        tool->failed = true;
        return 0;
    case KEY_TRANSPORT:
        tool->transport = transport_macro(arg);
        if (!tool->transport)
            argp_error(state, "a transport is ringbuf, ringbuf-output or perf, not `%s`", arg);
        return 0;
    case KEY_PAGES: {
        char *end;
        unsigned long pages = strtoul(arg, &end, 10);
        if (*end || !pages || pages > 1UL << 18 || (pages & (pages - 1)))
            argp_error(state, "`%s` is not a power of two, at most 262144", arg);
        tool->pages = (unsigned)pages;
        return 0;
    }
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
    if (tool->failed || tool->tool.json)
        rp_cell_int(row, "RET", -4, e->ret);
    rp_cell_text(row, "FILENAME", 0, e->filename, sizeof(e->filename));
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    struct execsnoop *tool = ctx;
    char pages[32];
    snprintf(pages, sizeof(pages), "-DPAGES=%u", tool->pages);
    const char *const cflags[] = {tool->transport, pages, tool->failed ? "-DFAILED" : "-UFAILED"};
    const struct rp_snoop snoop = {.name = "execsnoop.c",
                                   .source = rp_embedded_execsnoop_c,
                                   .cflags = cflags,
                                   .cflag_count = sizeof(cflags) / sizeof(cflags[0]),
                                   .record_size = sizeof(struct event),
                                   .table = {&tool->tool, cells, tool}};
    return rp_snoop_run(session, &snoop);
}

int main(int argc, char **argv) {
    const struct argp_child children[] = {{&rp_tool_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each program that begins: its process, its "
                                     "parent, its name and the file it came from.",
                              .children = children};
    struct execsnoop tool = {.transport = "-DTRANSPORT_RESERVE", .pages = 256};
    argp_parse(&argp, argc, argv, 0, NULL, &tool);
    return rp_tool_run(&tool.tool, run, &tool);
}
