/* SPDX-License-Identifier: Apache-2.0 */
/* exitsnoop: a line for each process that ends, and why it ended. */
#include <argp.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_exitsnoop_c[];

enum { KEY_PER_THREAD = 0x1100, KEY_UTC, KEY_LABEL };

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0,
     "Show only those that ended by a signal or with an exit code other than 0", 0},
    {"per-thread", KEY_PER_THREAD, 0, 0, "Print a line for each thread", 0},
    {"utc", KEY_UTC, 0, 0, "Print the time of day of UTC with each event", 0},
    {"label", KEY_LABEL, "LABEL", 0, "Add a column with this text", 0},
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

struct exitsnoop {
    struct rp_tool *tool;
    const char *label; /* NULL: there is no such column */
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct exitsnoop *exits = state->input;
    switch (key) {
    case 'x':
        rp_tool_define(exits->tool, "FAILED");
        return 0;
    case KEY_PER_THREAD:
        rp_tool_define(exits->tool, "PER_THREAD");
        return 0;
    case KEY_UTC:
        exits->tool->timestamps = exits->tool->utc = true;
        return 0;
    case KEY_LABEL:
        exits->label = arg;
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
    const struct exitsnoop *exits = ctx;
    const struct event *e = record;
    unsigned code = e->code >> 8 & 0xff, signal = e->code & 0x7f;
    bool core = e->code & 0x80;
    if (exits->label)
        rp_cell_text(row, "LABEL", 6, exits->label, SIZE_MAX);
    rp_cell_text(row, "PCOMM", 16, e->comm, sizeof(e->comm));
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_uint(row, "PPID", 7, e->ppid);
    rp_cell_uint(row, "TID", 7, e->tid);
    rp_cell_double(row, "AGE(s)", 7, 2, (double)e->age_ns / 1e9);
    if (!exits->tool->json) {
        why_cell(row, code, signal, core);
        return;
    }
    rp_cell_uint(row, "EXIT_CODE", 0, code);
    rp_cell_uint(row, "SIGNAL", 0, signal);
    rp_cell_uint(row, "CORE", 0, core);
}

int main(int argc, char **argv) {
    struct exitsnoop exits = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "exitsnoop.c",
                                   .source = rp_embedded_exitsnoop_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &exits};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each process that ends: its name, its "
                                     "parent, its age, and its exit code or signal."};
    return rp_snoop_main(argc, argv, &argp, exits.tool, &snoop);
}
