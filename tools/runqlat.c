/* SPDX-License-Identifier: Apache-2.0 */
/* runqlat: how long tasks wait for a CPU. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_runqlat_c[];

enum { KEY_PIDNSS = 0x1100 };

static const struct argp_option options[] = {
    {"milliseconds", 'm', 0, 0, "Show milliseconds instead of microseconds", 0},
    {"pids", 'P', 0, 0, "Print a histogram for each process", 0},
    {"pidnss", KEY_PIDNSS, 0, 0, "Print a histogram for each PID namespace", 0},
    {"tids", 'L', 0, 0, "Print a histogram for each thread", 0},
    {0}};

struct runqlat {
    struct rp_tool *tool;
    struct rp_interval interval;
    bool milliseconds;
    const char *by; /* what each histogram is for; NULL: all tasks */
};

static void set_by(struct runqlat *r, const char *by, struct argp_state *state) {
    if (r->by && strcmp(r->by, by) != 0)
        argp_error(state, "-P, -L and --pidnss exclude each other");
    r->by = by;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct runqlat *r = state->input;
    (void)arg;
    switch (key) {
    case 'm':
        r->milliseconds = true;
        return 0;
    case 'P':
        set_by(r, "pid", state);
        rp_tool_define(r->tool, "BY_PID");
        return 0;
    case KEY_PIDNSS:
        set_by(r, "pidns", state);
        rp_tool_define(r->tool, "BY_PIDNS");
        return 0;
    case 'L':
        set_by(r, "tid", state);
        rp_tool_define(r->tool, "BY_TID");
        return 0;
    case ARGP_KEY_END:
        rp_tool_define(r->tool, "UNIT=%d", r->milliseconds ? 1000000 : 1000);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void id_text(const void *key, char text[RP_SUM_TEXT]) {
    uint32_t id;
    memcpy(&id, key, sizeof(id));
    snprintf(text, RP_SUM_TEXT, "%u", id);
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    const struct runqlat *r = ctx;
    const struct rp_sums sums = {.size = sizeof(sums),
                                 .tool = r->tool,
                                 .interval = r->interval,
                                 .name = "runqlat.c",
                                 .source = rp_embedded_runqlat_c,
                                 .noun = r->by,
                                 .unit = r->milliseconds ? "msecs" : "usecs",
                                 .histograms = true,
                                 .text = id_text,
                                 .is_number = true};
    return rp_sums_run(session, &sums);
}

int main(int argc, char **argv) {
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a histogram of how long tasks that could run waited for "
                                  "a CPU."};
    struct runqlat runqlat = {.tool = rp_tool_new()};
    rp_tool_parse(argc, argv, &argp, &runqlat, runqlat.tool, &runqlat.interval);
    return rp_tool_run(runqlat.tool, run, &runqlat);
}
