/* SPDX-License-Identifier: Apache-2.0 */
/* What the tools that time interrupts have in common. */
#include <argp.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"

/* One run of such a tool. */
struct run {
    struct rp_irqs irqs;
    struct rp_tool *tool;
    struct rp_interval interval;
    bool count, dist, nanoseconds;
    long cpu; /* -1: all */
};

/* ------------------------------------------------------------------ options */

static const struct argp_option options[] = {
    {"count", 'C', 0, 0, "Show the number of interrupts instead of their time", 0},
    {"dist", 'd', 0, 0, "Show the times as histograms", 0},
    {"nanoseconds", 'N', 0, 0, "Show nanoseconds instead of microseconds", 0},
    {"cpu", 'c', "CPU", 0, "Trace only this CPU", 0},
    {0}};

static long parse_cpu(struct argp_state *state, const char *arg) {
    char *end;
    long cpu = strtol(arg, &end, 10), cpus = libbpf_num_possible_cpus();
    if (*arg < '0' || *arg > '9' || *end)
        argp_error(state, "`%s` is not a CPU number (here -c is not short for --command)", arg);
    else if (cpu >= cpus)
        argp_error(state, "this machine has no CPU %s: it has CPUs 0 to %ld", arg, cpus - 1);
    return cpu;
}

static void check_options(struct argp_state *state, const struct run *run) {
    if (run->count && (run->dist || run->nanoseconds))
        argp_error(state, "--count shows no times: it excludes --dist and --nanoseconds");
    if (run->tool->session->event_limit)
        argp_error(
            state,
            "--events is for tools that print a row for each event; use COUNT to limit reports");
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct run *run = state->input;
    switch (key) {
    case 'C':
        run->count = true;
        return 0;
    case 'd':
        run->dist = true;
        return 0;
    case 'N':
        run->nanoseconds = true;
        return 0;
    case 'c':
        run->cpu = parse_cpu(state, arg);
        return 0;
    case ARGP_KEY_SUCCESS:
        check_options(state, run);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *unit(const struct run *run) {
    return run->count ? "count" : run->nanoseconds ? "nsecs" : "usecs";
}

/* Nanoseconds per unit. */
static unsigned unit_ns(const struct run *run) {
    return run->count || run->nanoseconds ? 1 : 1000;
}

/* ------------------------------------------------------------------ a run */

static bool has_function(const struct rp_module *module, const char *name) {
    const char *function = "";
    for (size_t i = 0; function && strcmp(function, name) != 0; i++)
        function = rp_module_function_name(module, i);
    return function;
}

/* A BTF-typed tracepoint if the kernel has them, otherwise a raw one. Both pass the program the
 * same arguments. */
static struct rp_error *attach_one(struct rp_session *session, struct rp_module *module,
                                   const char *tracepoint) {
    char function[128], typed[128], raw[128];
    snprintf(function, sizeof(function), "raw_tracepoint__%s", tracepoint);
    snprintf(typed, sizeof(typed), "tp_btf:%s", tracepoint);
    snprintf(raw, sizeof(raw), "rawtracepoint:%s", tracepoint);
    if (!has_function(module, function))
        return NULL;
    return rp_session_attach(session, module, function, rp_probe_exists(typed) ? typed : raw, NULL);
}

static struct rp_error *attach(struct rp_session *session, struct rp_module *module, void *ctx) {
    const struct run *run = ctx;
    for (const char *const *tracepoint = run->irqs.tracepoints; *tracepoint; tracepoint++)
        RP_TRY(attach_one(session, module, *tracepoint));
    return NULL;
}

static struct rp_error *run_session(struct rp_session *session, void *ctx) {
    struct run *run = ctx;
    if (run->count)
        rp_tool_define(run->tool, "COUNT");
    if (run->dist)
        rp_tool_define(run->tool, "DIST");
    if (run->cpu >= 0)
        rp_tool_define(run->tool, "CPU=%ld", run->cpu);
    rp_tool_define(run->tool, "UNIT=%u", unit_ns(run));
    const struct rp_sums sums = {.size = sizeof(sums),
                                 .tool = run->tool,
                                 .interval = run->interval,
                                 .name = run->irqs.name,
                                 .source = run->irqs.source,
                                 .attach = attach,
                                 .noun = run->irqs.noun,
                                 .width = run->irqs.width,
                                 .unit = unit(run),
                                 .unit_ns = unit_ns(run),
                                 .histograms = run->dist,
                                 .text = run->irqs.text,
                                 .ctx = run};
    return rp_sums_run(session, &sums);
}

int rp_irqs_main(int argc, char **argv, const struct rp_irqs *irqs) {
    struct run run = {.cpu = -1};
    struct rp_error *err = rp_opts_read(&run.irqs, sizeof(run.irqs), irqs, "rp_irqs");
    if (err)
        return rp_tool_end(err, false);
    const struct argp argp = {.options = options, .parser = parse, .doc = run.irqs.doc};
    run.tool = rp_tool_new();
    rp_tool_parse(argc, argv, &argp, &run, run.tool, &run.interval);
    return rp_tool_run(run.tool, run_session, &run);
}
