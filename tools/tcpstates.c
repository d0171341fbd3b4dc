/* SPDX-License-Identifier: Apache-2.0 */
/* tcpstates: a line for each change of a TCP connection's state. */
#include <argp.h>
#include <inttypes.h>
#include <netinet/tcp.h>

#include "reprobe_tool.h"

extern const char rp_embedded_tcpstates_c[];

static const struct argp_option options[] = {
    {"ipv4", '4', 0, 0, "Show only IPv4", 0},
    {"ipv6", '6', 0, 0, "Show only IPv6", 0},
    {"localport", 'L', "PORT,...", 0, "Show only these local ports", 0},
    {"remoteport", 'D', "PORT,...", 0, "Show only these remote ports", 0},
    {"wide", 'w', 0, 0, "Make the columns wide enough for IPv6 addresses", 0},
    {0}};

struct tcpstates {
    struct rp_tool *tool;
    bool wide;
};

/* As in bpf-src/tcpstates.c. */
struct event {
    uint64_t skaddr;
    uint64_t ns;
    uint32_t pid;
    uint16_t family;
    uint16_t lport;
    uint16_t rport;
    uint8_t oldstate;
    uint8_t newstate;
    uint8_t laddr[16];
    uint8_t raddr[16];
    char comm[16];
};

static const char *const states[] = {
    [TCP_ESTABLISHED] = "ESTABLISHED",
    [TCP_SYN_SENT] = "SYN_SENT",
    [TCP_SYN_RECV] = "SYN_RECV",
    [TCP_FIN_WAIT1] = "FIN_WAIT1",
    [TCP_FIN_WAIT2] = "FIN_WAIT2",
    [TCP_TIME_WAIT] = "TIME_WAIT",
    [TCP_CLOSE] = "CLOSE",
    [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
    [TCP_LAST_ACK] = "LAST_ACK",
    [TCP_LISTEN] = "LISTEN",
    [TCP_CLOSING] = "CLOSING",
    [TCP_CLOSING + 1] = "NEW_SYN_RECV",
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct tcpstates *tool = state->input;
    switch (key) {
    case 'L':
    case 'D':
        if (!rp_tool_define_ports(tool->tool, key == 'L' ? "LOCAL_PORT" : "REMOTE_PORT", arg))
            argp_error(state, "`%s` is not a list of ports (try 80,443)", arg);
        return 0;
    case 'w':
        tool->wide = true;
        return 0;
    default:
        return rp_tool_define_family(tool->tool, key) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static void state_cell(struct rp_row *row, const char *name, unsigned state) {
    const char *text = state < sizeof(states) / sizeof(states[0]) ? states[state] : NULL;
    rp_cell_text(row, name, 11, text ? text : "?", 16);
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct tcpstates *tool = ctx;
    const struct event *e = record;
    int width = tool->wide ? 39 : 15;
    char skaddr[32];
    snprintf(skaddr, sizeof(skaddr), "%" PRIx64, e->skaddr);
    rp_cell_text(row, "SKADDR", 16, skaddr, sizeof(skaddr));
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    rp_cell_address(row, "LADDR", width, e->family, e->laddr);
    rp_cell_uint(row, "LPORT", 5, e->lport);
    rp_cell_address(row, "RADDR", width, e->family, e->raddr);
    rp_cell_uint(row, "RPORT", 5, e->rport);
    state_cell(row, "OLDSTATE", e->oldstate);
    state_cell(row, "NEWSTATE", e->newstate);
    rp_cell_double(row, "MS", 0, 3, (double)e->ns / 1e6);
}

int main(int argc, char **argv) {
    struct tcpstates tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "tcpstates.c",
                                   .source = rp_embedded_tcpstates_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each change of a TCP socket's state, with the "
                                  "milliseconds that it spent in the old state."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
