/* SPDX-License-Identifier: Apache-2.0 */
/* sigsnoop: a line for each signal: who sent it, to whom, and with what result. */
#include <argp.h>

#include "reprobe_tool.h"

extern const char rp_embedded_sigsnoop_c[];

enum { KEY_TPID = 0x1100 };

static const struct argp_option options[] = {
    {"kill", 'k', 0, 0, "Show only calls of kill, tkill and tgkill, and what they returned", 0},
    {"name", 'n', 0, 0, "Show signals by name", 0},
    {"signal", 's', "SIGNAL", 0, "Show only this signal, a name or a number", 0},
    {"tpid", KEY_TPID, "PID", 0, "Show only signals to this process or thread", 0},
    {"failed", 'x', 0, 0,
     "Show only calls that failed; without -k, only signals that were not queued", 0},
    {0}};

struct sigsnoop {
    struct rp_tool *tool;
    bool calls, names;
};

/* As in bpf-src/sigsnoop.c. */
struct event {
    uint32_t pid;
    int32_t sig;
    int32_t tpid;
    int32_t result;
    char comm[16];
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct sigsnoop *tool = state->input;
    uint64_t pid;
    int signal;
    switch (key) {
    case 'k':
        tool->calls = true;
        rp_tool_define(tool->tool, "CALLS");
        return 0;
    case 'n':
        tool->names = true;
        return 0;
    case 's':
        if (!rp_parse_signal(arg, &signal))
            argp_error(state, "`%s` is not a signal (try 9, KILL or SIGKILL)", arg);
        rp_tool_define(tool->tool, "SIGNAL=%d", signal);
        return 0;
    case KEY_TPID:
        if (!rp_parse_count(arg, INT32_MAX, &pid))
            argp_error(state, "`%s` is not a process id", arg);
        rp_tool_define(tool->tool, "TPID=%d", (int)pid);
        return 0;
    case 'x':
        rp_tool_define(tool->tool, "FAILED");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* TRACE_SIGNAL_… of include/trace/events/signal.h */
static const char *what_became(int result) {
    static const char *const words[] = {"queued", "ignored", "pending", "overflow", "info lost"};
    return result >= 0 && result < (int)(sizeof(words) / sizeof(words[0])) ? words[result] : "?";
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct sigsnoop *tool = ctx;
    const struct event *e = record;
    char name[RP_SIGNAL_NAME];
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    if (tool->names)
        rp_cell_text(row, "SIG", 9, rp_signal_name(e->sig, name), sizeof(name));
    else
        rp_cell_int(row, "SIG", 9, e->sig);
    rp_cell_int(row, "TPID", 7, e->tpid);
    if (tool->calls)
        rp_cell_int(row, "RESULT", 0, e->result);
    else
        rp_cell_text(row, "RESULT", 0, what_became(e->result), 16);
}

int main(int argc, char **argv) {
    struct sigsnoop tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "sigsnoop.c",
                                   .source = rp_embedded_sigsnoop_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each signal: who sent it, to whom, and with "
                                  "what result."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
