/* SPDX-License-Identifier: Apache-2.0 */
/* tcpstates: a line for each change of a TCP connection's state. */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/error.h"

extern const char rp_embedded_tcpstates_c[];

static const struct argp_option options[] = {
    {"ipv4", '4', 0, 0, "Show only IPv4", 0},
    {"ipv6", '6', 0, 0, "Show only IPv6", 0},
    {"localport", 'L', "PORT,...", 0, "Show only these local ports", 0},
    {"remoteport", 'D', "PORT,...", 0, "Show only these remote ports", 0},
    {"wide", 'w', 0, 0, "Make the columns wide enough for IPv6 addresses", 0},
    {"timestamp", 't', 0, 0, "Print the seconds since the start with each event", 0},
    {"csv", 's', 0, 0, "Print comma-separated values", 0},
    {"journal", 'Y', 0, 0, "Also log each change to the systemd journal", 0},
    {0}};

struct tcpstates {
    struct rp_tool *tool;
    bool wide;
    int journal;  /* its socket; -1: nothing is logged */
    bool refused; /* that was said */
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

/* ------------------------------------------------------------------ the journal */

#define JOURNAL "/run/systemd/journal/socket"

static int open_journal(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL};
    const struct timeval second = {.tv_sec = 1}; /* nobody waits longer for it */
    int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(journal, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
    if (journal < 0 || !connect(journal, (struct sockaddr *)&address, sizeof(address)))
        return journal;
    int errnum = errno;
    close(journal);
    errno = errnum;
    return -1;
}

static const char *state_name(unsigned state) {
    const char *name = state < sizeof(states) / sizeof(states[0]) ? states[state] : NULL;
    return name ? name : "?";
}

/* A message in the journal's own protocol, a field a line, with the fields that BCC's tool has.
 * An error is said once. */
static void log_change(struct tcpstates *tool, const struct event *e) {
    char from[INET6_ADDRSTRLEN] = "", to[INET6_ADDRSTRLEN] = "", comm[sizeof(e->comm) + 1];
    const char *ip = e->family == AF_INET ? "IPV4" : "IPV6";
    inet_ntop(e->family, e->laddr, from, sizeof(from));
    inet_ntop(e->family, e->raddr, to, sizeof(to));
    snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(e->comm), e->comm);
    for (char *at = comm; *at; at++)
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    RP_AUTO_FREE char *text = NULL;
    if (asprintf(&text,
                 "MESSAGE=%s %s: %s port %u to %s port %u: %s to %s\n"
                 "PRIORITY=5\nSYSLOG_IDENTIFIER=tcpstates\n"
                 "OBJECT_PID=%u\nOBJECT_COMM=%s\n"
                 "OBJECT_%s_SOURCE_ADDRESS=%s\nOBJECT_TCP_SOURCE_PORT=%u\n"
                 "OBJECT_%s_DESTINATION_ADDRESS=%s\nOBJECT_TCP_DESTINATION_PORT=%u\n"
                 "OBJECT_TCP_OLD_STATE=%s\nOBJECT_TCP_NEW_STATE=%s\nOBJECT_TCP_SPAN_TIME=%" PRIu64
                 "\n",
                 comm, ip, from, e->lport, to, e->rport, state_name(e->oldstate),
                 state_name(e->newstate), e->pid, comm, ip, from, e->lport, ip, to, e->rport,
                 state_name(e->oldstate), state_name(e->newstate), e->ns / 1000) < 0)
        return;
    if (send(tool->journal, text, strlen(text), MSG_NOSIGNAL) < 0 && !tool->refused) {
        tool->refused = true;
        fprintf(stderr, "reprobe: the journal did not take a message: %s\n", strerror(errno));
    }
}

static bool take(const void *record, const void *ctx) {
    const struct tcpstates *tool = ctx;
    if (tool->journal >= 0)
        log_change((struct tcpstates *)tool, record);
    return true;
}

/* ------------------------------------------------------------------ rows */

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
    case 't':
        tool->tool->timestamps = tool->tool->since_start = true;
        return 0;
    case 's':
        tool->tool->csv = true;
        return 0;
    case 'Y':
        tool->journal = open_journal();
        if (tool->journal < 0)
            argp_failure(state, 1, errno, "cannot write to the journal at %s", JOURNAL);
        return 0;
    case ARGP_KEY_END:
        if (tool->tool->csv && tool->tool->json)
            argp_error(state, "--csv and --json exclude each other");
        return 0;
    default:
        return rp_tool_define_family(tool->tool, key) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static void state_cell(struct rp_row *row, const char *name, unsigned state) {
    rp_cell_text(row, name, 11, state_name(state), 16);
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
    struct tcpstates tool = {.tool = rp_tool_new(), .journal = -1};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "tcpstates.c",
                                   .source = rp_embedded_tcpstates_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool,
                                   .take = take};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each change of a TCP socket's state, with the "
                                  "milliseconds that it spent in the old state."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
