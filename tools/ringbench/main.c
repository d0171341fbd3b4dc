/* SPDX-License-Identifier: Apache-2.0 */
/* ringbench EXPERIMENT: the command line, and the table of experiments. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
    KEY_PAGES = 0x1100,
    KEY_EVERY,
    KEY_ROUNDS,
    KEY_WORK,
    KEY_BURST,
    KEY_FOR,
    KEY_JSON,
    KEY_CHART
};

static const struct experiment experiments[] = {
    {"throughput", throughput_run, "all transports under full load (the default)"},
    {"libbpf", libbpf_run, "reprobe's event loop and libbpf's, on the same map"},
    {"latency", latency_run, "how long a record takes, and what an idle second costs"},
    {"ordering", ordering_run, "how often records are out of order"},
    {"burst", burst_run, "what a burst loses while the reader sleeps, at equal memory"},
    {"late-failure", late_failure_run, "what a record costs when the buffer is full"},
};
#define EXPERIMENT_COUNT (sizeof(experiments) / sizeof(experiments[0]))

static const struct argp_option options[] = {
    {"transport", 't', "NAME,…", 0, "Measure only these transports", 0},
    {"size", 's', "BYTES,…", 0, "Record sizes: multiples of 8 from 16 to 4096 (default: 32)", 0},
    {"pages", KEY_PAGES, "N,…", 0,
     "Memory for records in pages, powers of two; with perf buffers the CPUs share it (default: "
     "256)",
     0},
    {"producers", 'p', "N,…", 0, "Threads that make records (default: 1)", 0},
    {"every", KEY_EVERY, "N", 0, "perf-sampled: records per wake-up (default: 64)", 0},
    {"burst", KEY_BURST, "N", 0,
     "burst, late-failure: number of records; ordering starts N/10 programs (default: 20000)", 0},
    {"work", KEY_WORK, "N", 0, "late-failure: reads of kernel memory per record (default: 8)", 0},
    {"for", KEY_FOR, "DURATION", 0, "throughput, libbpf: how long each run takes (default: 500ms)",
     0},
    {"rounds", KEY_ROUNDS, "N", 0, "Runs of each; ringbench shows medians (default: 3)", 0},
    {"chart", KEY_CHART, 0, 0, "throughput: also draw a chart", 0},
    {"json", KEY_JSON, 0, 0, "Print one JSON object per line", 0},
    {"verbose", 'v', 0, 0, "With an error, print its full log", 0},
    {0}};

struct request {
    struct options options;
    const struct experiment *experiment;
};

/* ------------------------------------------------------------- the options */

static unsigned number_of(struct argp_state *state, const char *arg, unsigned max) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || (*end && *end != ',') || errno || !value || value > max)
        argp_error(state, "`%s` is not a number from 1 to %u", arg, max);
    return (unsigned)value;
}

/* "32,256" */
static size_t numbers_of(struct argp_state *state, const char *arg, unsigned max,
                         unsigned list[MAX_CHOICES]) {
    size_t count = 0;
    for (const char *at = arg; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (count == MAX_CHOICES)
            argp_error(state, "`%s` has more than %d values", arg, MAX_CHOICES);
        list[count++] = number_of(state, at, max);
    }
    return count;
}

static void take_transports(struct argp_state *state, const char *arg, struct options *o) {
    o->transport_count = 0;
    for (const char *at = arg; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const struct transport *transport = transport_named(at, strcspn(at, ","));
        if (!transport)
            argp_error(state, "unknown transport `%.*s`: --help lists them", (int)strcspn(at, ","),
                       at);
        if (o->transport_count == MAX_CHOICES)
            argp_error(state, "--transport takes at most %d transports", MAX_CHOICES);
        o->transports[o->transport_count++] = transport;
    }
}

static void check_numbers(struct argp_state *state, const struct options *o) {
    for (size_t i = 0; i < o->size_count; i++)
        if (o->sizes[i] < 16 || o->sizes[i] % 8)
            argp_error(state, "%u is not a record size: it is a multiple of 8, at least 16",
                       o->sizes[i]);
    for (size_t i = 0; i < o->page_count; i++)
        if (o->pages[i] & (o->pages[i] - 1))
            argp_error(state, "%u is not a power of two", o->pages[i]);
}

static void take_experiment(struct argp_state *state, const char *arg, struct request *request) {
    for (size_t i = 0; i < EXPERIMENT_COUNT; i++)
        if (strcmp(experiments[i].name, arg) == 0) {
            request->experiment = &experiments[i];
            return;
        }
    argp_error(state, "unknown experiment `%s`: --help lists them", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    struct options *o = &request->options;
    switch (key) {
    case 't':
        take_transports(state, arg, o);
        break;
    case 's':
        o->size_count = numbers_of(state, arg, 4096, o->sizes);
        break;
    case 'p':
        o->producer_count = numbers_of(state, arg, 64, o->producers);
        break;
    case KEY_PAGES:
        o->page_count = numbers_of(state, arg, 65536, o->pages);
        break;
    case KEY_EVERY:
        o->every = number_of(state, arg, 1000000);
        break;
    case KEY_ROUNDS:
        o->rounds = number_of(state, arg, MAX_ROUNDS);
        break;
    case KEY_WORK:
        o->work = number_of(state, arg, 64);
        break;
    case KEY_BURST:
        o->burst = number_of(state, arg, 10000000);
        break;
    case KEY_FOR:
        if (!rp_parse_duration(arg, &o->run_ns))
            argp_error(state, "`%s` is not a duration (try 10, 500ms, 2m)", arg);
        break;
    case KEY_CHART:
        o->chart = true;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case 'v':
        o->verbose = true;
        break;
    case ARGP_KEY_ARG:
        take_experiment(state, arg, request);
        break;
    case ARGP_KEY_END:
        check_numbers(state, o);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Prints the experiments and the transports after the options. */
static char *help(int key, const char *text, void *input) {
    (void)input;
    char *list;
    size_t size;
    FILE *out = key == ARGP_KEY_HELP_POST_DOC ? open_memstream(&list, &size) : NULL;
    if (!out)
        return (char *)text;
    fputs("Experiments:\n", out);
    for (size_t i = 0; i < EXPERIMENT_COUNT; i++)
        fprintf(out, "  %-13s %s\n", experiments[i].name, experiments[i].about);
    fputs("\nTransports:\n", out);
    for (size_t i = 0; i < transport_count; i++)
        fprintf(out, "  %-13s %s\n", transports[i].name, transports[i].about);
    fclose(out);
    return list;
}

static bool run(const struct request *request) {
    struct rp_error *err = rp_kernel_usable();
    if (err)
        return rp_tool_end(err, false) == 0;
    return request->experiment->run(&request->options);
}

int main(int argc, char **argv) {
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[EXPERIMENT]",
        .doc = "Measures how records travel from BPF programs to a process through perf buffers "
               "and ring buffers. Its own threads make the records by calling getpgid().\v ",
        .help_filter = help};
    struct request request = {.experiment = &experiments[0],
                              .options = {.sizes = {32},
                                          .size_count = 1,
                                          .pages = {256},
                                          .page_count = 1,
                                          .producers = {1},
                                          .producer_count = 1,
                                          .every = 64,
                                          .rounds = 3,
                                          .work = 8,
                                          .burst = 20000,
                                          .run_ns = 500000000}};
    for (size_t i = 0; i < transport_count; i++)
        request.options.transports[request.options.transport_count++] = &transports[i];
    rp_argp_parse(&argp, argc, argv, 0, &request);
    bool ok = run(&request);
    return rp_tool_end(NULL, false) || !ok;
}
