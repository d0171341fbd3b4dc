/* SPDX-License-Identifier: Apache-2.0 */
/* tcpconnlat: a line for each TCP connection made, and how long the answer took. */
#include <argp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "reprobe_tool.h"

extern const char rp_embedded_tcpconnlat_c[];

static const struct argp_option options[] = {
    {"ipv4", '4', 0, 0, "Show only IPv4", 0},
    {"ipv6", '6', 0, 0, "Show only IPv6", 0},
    {"lport", 'L', 0, 0, "Add a column with the local port", 0},
    {"timestamp", 't', 0, 0, "Print the seconds since the start with each event", 0},
    {"failed", 'x', 0, 0, "Also show connections that failed, and add a column with the error", 0},
    {0}};

struct tcpconnlat {
    struct rp_tool *tool;
    bool lport, failed;
};

/* As in bpf-src/tcpconnlat.c. */
struct event {
    uint64_t ns;
    uint32_t pid;
    int32_t err;
    uint16_t family;
    uint16_t lport;
    uint16_t dport;
    uint8_t saddr[16];
    uint8_t daddr[16];
    char comm[16];
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct tcpconnlat *tool = state->input;
    char *end;
    double min_ms;
    switch (key) {
    case 'L':
        tool->lport = true;
        return 0;
    case 't':
        tool->tool->timestamps = tool->tool->since_start = true;
        return 0;
    case 'x':
        tool->failed = true;
        rp_tool_define(tool->tool, "FAILED");
        return 0;
    case ARGP_KEY_ARG:
        min_ms = strtod(arg, &end);
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        if (end == arg || *end || !(min_ms >= 0 && min_ms <= 1e9))
            argp_error(state, "`%s` is not a number of milliseconds (try 1 or 0.1)", arg);
        rp_tool_define(tool->tool, "MIN_NS=%.0f", min_ms * 1e6);
        return 0;
    default:
        return rp_tool_define_family(tool->tool, key) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct tcpconnlat *tool = ctx;
    const struct event *e = record;
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    rp_cell_uint(row, "IP", 2, e->family == AF_INET ? 4 : 6);
    rp_cell_address(row, "SADDR", 16, e->family, e->saddr);
    if (tool->lport || tool->tool->json)
        rp_cell_uint(row, "LPORT", 5, e->lport);
    rp_cell_address(row, "DADDR", 16, e->family, e->daddr);
    rp_cell_uint(row, "DPORT", 5, e->dport);
    if (tool->failed || tool->tool->json)
        rp_cell_int(row, "ERR", -3, e->err);
    rp_cell_double(row, "LAT(ms)", -8, 3, (double)e->ns / 1e6);
}

int main(int argc, char **argv) {
    struct tcpconnlat tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "tcpconnlat.c",
                                   .source = rp_embedded_tcpconnlat_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "[MIN_MS]",
                              .doc =
                                  "Prints a line for each TCP connection made, with the time until "
                                  "its answer; with MIN_MS only those that took at least that "
                                  "many milliseconds."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
