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

static void print_json(const struct execsnoop *tool, const struct event *e) {
    putchar('{');
    if (tool->tool.timestamps)
        rp_print_json_time(stdout);
    printf("\"pid\":%u,\"ppid\":%u,\"comm\":", e->pid, e->ppid);
    rp_print_json_text(e->comm, sizeof(e->comm), stdout);
    printf(",\"ret\":%d,\"filename\":", e->ret);
    rp_print_json_text(e->filename, sizeof(e->filename), stdout);
    puts("}");
}

static void print_row(const struct execsnoop *tool, const struct event *e) {
    if (tool->tool.timestamps)
        rp_print_time(stdout);
    printf("%-7u %-7u ", e->pid, e->ppid);
    size_t width = rp_print_text(e->comm, sizeof(e->comm), stdout);
    printf("%*s ", width < 16 ? (int)(16 - width) : 0, "");
    if (tool->failed)
        printf("%4d ", e->ret);
    rp_print_text(e->filename, sizeof(e->filename), stdout);
    putchar('\n');
}

static bool print(void *ctx, const void *data, size_t size) {
    const struct execsnoop *tool = ctx;
    struct event event;
    if (size < sizeof(event))
        return true;
    memcpy(&event, data, sizeof(event)); /* perf records are not aligned */
    if (tool->tool.json)
        print_json(tool, &event);
    else
        print_row(tool, &event);
    return !ferror(stdout);
}

static void print_header(const struct execsnoop *tool) {
    if (tool->tool.json)
        return;
    if (tool->tool.timestamps)
        printf("%-8s ", "TIME");
    printf("%-7s %-7s %-16s %s%s\n", "PID", "PPID", "COMM", tool->failed ? " RET " : "",
           "FILENAME");
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    struct execsnoop *tool = ctx;
    char pages[32];
    snprintf(pages, sizeof(pages), "-DPAGES=%u", tool->pages);
    const char *const cflags[] = {tool->transport, pages, tool->failed ? "-DFAILED" : "-UFAILED"};
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = "execsnoop.c",
                                         .cflags = cflags,
                                         .cflag_count = sizeof(cflags) / sizeof(cflags[0])};
    struct rp_module *module;
    struct rp_error *err = rp_session_compile(session, rp_embedded_execsnoop_c, &opts, &module);
    if (!err)
        err = rp_session_read(session, module, "events", print, tool);
    if (!err)
        err = rp_session_attach_named(session, module, NULL);
    if (err)
        return err;
    print_header(tool);
    return rp_session_run(session);
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
