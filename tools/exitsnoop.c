/* SPDX-License-Identifier: Apache-2.0 */
/* exitsnoop: a line for each process that ends, and why it ended. */
#include <argp.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_exitsnoop_c[];

enum { KEY_PER_THREAD = 0x1100 };

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0,
     "Show only those that ended by a signal or with an exit code other than 0", 0},
    {"per-thread", KEY_PER_THREAD, 0, 0, "Print a line for each thread", 0},
    {0}};

/* As in bpf-src/exitsnoop.c. */
struct event {
    uint64_t age_ns;
    uint32_t pid;
    uint32_t ppid;
    uint32_t tid;
    uint32_t code;
    char comm[16];
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct rp_tool *tool = state->input;
    (void)arg;
    switch (key) {
    case 'x':
        rp_tool_define(tool, "FAILED");
        return 0;
    case KEY_PER_THREAD:
        rp_tool_define(tool, "PER_THREAD");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void why_cell(struct rp_row *row, unsigned code, unsigned signal, bool core) {
    char text[64], name[RP_SIGNAL_NAME];
    if (signal) /* "signal 11 (SEGV), core dumped" */
        snprintf(text, sizeof(text), "signal %u (%s)%s", signal,
                 rp_signal_name((int)signal, name) + strlen("SIG"), core ? ", core dumped" : "");
    else
        snprintf(text, sizeof(text), code ? "code %u" : "%u", code);
    rp_cell_text(row, "EXIT_CODE", 0, text, sizeof(text));
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct rp_tool *tool = ctx;
    const struct event *e = record;
    unsigned code = e->code >> 8 & 0xff, signal = e->code & 0x7f;
    bool core = e->code & 0x80;
    rp_cell_text(row, "PCOMM", 16, e->comm, sizeof(e->comm));
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_uint(row, "PPID", 7, e->ppid);
    rp_cell_uint(row, "TID", 7, e->tid);
    rp_cell_double(row, "AGE(s)", 7, 2, (double)e->age_ns / 1e9);
    if (!tool->json) {
        why_cell(row, code, signal, core);
        return;
    }
    rp_cell_uint(row, "EXIT_CODE", 0, code);
    rp_cell_uint(row, "SIGNAL", 0, signal);
    rp_cell_uint(row, "CORE", 0, core);
}

int main(int argc, char **argv) {
    struct rp_tool *tool = rp_tool_new();
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "exitsnoop.c",
                                   .source = rp_embedded_exitsnoop_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each process that ends: its name, its "
                                     "parent, its age, and its exit code or signal."};
    return rp_snoop_main(argc, argv, &argp, tool, &snoop);
}
