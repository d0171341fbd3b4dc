/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that sum up events by key, and print sums, counts or histograms now and then. */
#include <argp.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_each.h"
#include "util/cleanup.h"
#include "util/error.h"

struct entry {
    char text[RP_SUMMARY_TEXT]; /* what the key means */
    uint64_t total;             /* of what is new; what entries are sorted by */
    uint64_t *fresh;            /* what came since the last report */
    uint64_t *seen;             /* what the map held then */
    void *key;
};

/* One run of such a tool. */
struct run {
    const struct rp_summary *summary;
    struct rp_tool tool;
    struct rp_interval interval;
    bool count, dist, nanoseconds;
    long cpu; /* -1: all */

    const struct rp_module *module;
    struct bpf_map_info map;
    size_t copies; /* of a value: one for each CPU, in a per-CPU map */
    struct entry *entries;
    size_t entry_count, room;
    size_t next; /* the entry that the map is likely to tell next: its order hardly changes */
};

/* ------------------------------------------------------------------ options */

static const struct argp_option options[] = {
    {"count", 'C', 0, 0, "Show how many there were, not their time", 0},
    {"dist", 'd', 0, 0, "Show their times as histograms", 0},
    {"nanoseconds", 'N', 0, 0, "Show nanoseconds, not microseconds", 0},
    {"cpu", 'c', "CPU", 0, "Trace on this CPU only", 0},
    {0}};

static long parse_cpu(struct argp_state *state, const char *arg) {
    char *end;
    long cpu = strtol(arg, &end, 10), cpus = libbpf_num_possible_cpus();
    if (*arg < '0' || *arg > '9' || *end)
        argp_error(state, "`%s` is not the number of a CPU (-c is not --command here)", arg);
    else if (cpu >= cpus)
        argp_error(state, "there is no CPU %s here: they are 0 to %ld", arg, cpus - 1);
    return cpu;
}

static void check_options(struct argp_state *state, const struct run *run) {
    if (run->count && (run->dist || run->nanoseconds))
        argp_error(state, "--count shows no times: it cannot go with --dist or --nanoseconds");
    if (run->tool.session.event_limit)
        argp_error(state, "--events is for tools with a row for each event; COUNT limits reports");
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct run *run = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &run->tool;
        state->child_inputs[1] = &run->interval;
        return 0;
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

/* Nanoseconds, of which one unit is made. */
static unsigned unit_ns(const struct run *run) {
    return run->count || run->nanoseconds ? 1 : 1000;
}

/* ------------------------------------------------------------------ what is new in the map */

static size_t value_count(const struct run *run) {
    return run->map.value_size / sizeof(uint64_t);
}

static struct rp_error *add_entry(struct run *run, const void *key) {
    if (run->entry_count == run->room) {
        size_t room = run->room ? run->room * 2 : 16;
        struct entry *entries = reallocarray(run->entries, room, sizeof(*entries));
        if (!entries)
            return rp_error_nomem();
        run->entries = entries;
        run->room = room;
    }
    struct entry *entry = &run->entries[run->entry_count];
    /* One block: fresh, seen, key. */
    uint64_t *values = calloc(2, run->map.value_size + run->map.key_size);
    if (!values)
        return rp_error_nomem();
    *entry = (struct entry){
        .fresh = values, .seen = values + value_count(run), .key = values + 2 * value_count(run)};
    memcpy(entry->key, key, run->map.key_size);
    run->summary->text(key, entry->text);
    run->entry_count++;
    return NULL;
}

static struct rp_error *find_entry(struct run *run, const void *key, struct entry **out) {
    for (size_t tried = 0; tried < run->entry_count; tried++) {
        *out = &run->entries[run->next];
        run->next = (run->next + 1) % run->entry_count;
        if (!memcmp((*out)->key, key, run->map.key_size))
            return NULL;
    }
    RP_TRY(add_entry(run, key));
    *out = &run->entries[run->entry_count - 1];
    return NULL;
}

static struct rp_error *update_entry(void *ctx, const void *key, const void *value) {
    struct run *run = ctx;
    const uint64_t *values = value;
    struct entry *entry;
    RP_TRY(find_entry(run, key, &entry));
    for (size_t i = 0; i < value_count(run); i++) {
        uint64_t sum = 0;
        for (size_t copy = 0; copy < run->copies; copy++)
            sum += values[copy * value_count(run) + i];
        entry->fresh[i] = sum - entry->seen[i];
        entry->seen[i] = sum;
        entry->total += entry->fresh[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ reports */

/* The most come last, as in BCC's tools: where the eye is. */
static int by_total(const void *a, const void *b) {
    const struct entry *left = *(const struct entry *const *)a,
                       *right = *(const struct entry *const *)b;
    if (left->total != right->total)
        return left->total < right->total ? -1 : 1;
    return strcmp(left->text, right->text);
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct entry *entry = record;
    const struct run *run = ctx;
    char noun[32] = "", total[32];
    for (size_t i = 0; i < sizeof(noun) - 1 && run->summary->noun[i]; i++)
        noun[i] = (char)toupper((unsigned char)run->summary->noun[i]);
    snprintf(total, sizeof(total), "TOTAL_%s", unit(run));
    rp_cell_text(row, noun, run->summary->width, entry->text, sizeof(entry->text));
    rp_cell_uint(row, total, -11, entry->total / unit_ns(run));
}

static void print_histogram(const struct run *run, const struct entry *entry, bool first) {
    if (!run->tool.json) {
        printf("%s%s = ", first ? "" : "\n", run->summary->noun);
        rp_print_text(entry->text, sizeof(entry->text), stdout);
        putchar('\n');
        rp_print_log2(unit(run), entry->fresh, stdout);
        return;
    }
    putchar('{');
    if (run->tool.timestamps)
        rp_print_json_time(stdout);
    printf("\"%s\":", run->summary->noun);
    rp_print_json_text(entry->text, sizeof(entry->text), stdout);
    printf(",\"unit\":\"%s\",\"histogram\":", unit(run));
    rp_print_json_log2(entry->fresh, stdout);
    puts("}");
}

static struct rp_error *print_report(void *ctx) {
    struct run *run = ctx;
    int fd = rp_module_map_fd(run->module, "sums");
    for (size_t i = 0; i < run->entry_count; i++)
        run->entries[i].total = 0; /* unless the map tells it */
    RP_TRY(rp_map_entries(fd, "sums", &run->map, update_entry, run));
    RP_AUTO_FREE const struct entry **sorted = calloc(run->entry_count + 1, sizeof(struct entry *));
    if (!sorted)
        return rp_error_nomem();
    size_t count = 0;
    for (size_t i = 0; i < run->entry_count; i++)
        if (run->entries[i].total)
            sorted[count++] = &run->entries[i];
    qsort(sorted, count, sizeof(struct entry *), by_total);

    struct rp_tool tool = run->tool; /* the time stands above a report, not in its rows */
    tool.timestamps = tool.timestamps && tool.json;
    const struct rp_table table = {&tool, cells, run};
    if (!run->dist)
        rp_table_header(&table, &(struct entry){.text = ""});
    for (size_t i = 0; i < count; i++) {
        if (run->dist)
            print_histogram(run, sorted[i], i == 0);
        else
            rp_table_row(&table, sorted[i]);
    }
    return NULL;
}

/* ------------------------------------------------------------------ a run */

static struct rp_error *compile(struct run *run, struct rp_session *session,
                                struct rp_module **module) {
    char unit_flag[32], cpu_flag[32];
    snprintf(unit_flag, sizeof(unit_flag), "-DUNIT=%u", unit_ns(run));
    snprintf(cpu_flag, sizeof(cpu_flag), run->cpu < 0 ? "-UCPU" : "-DCPU=%ld", run->cpu);
    const char *const cflags[] = {run->count  ? "-DCOUNT"
                                  : run->dist ? "-DDIST"
                                              : "-UCOUNT",
                                  run->dist ? unit_flag : "-UUNIT", cpu_flag};
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = run->summary->name,
                                         .cflags = cflags,
                                         .cflag_count = sizeof(cflags) / sizeof(cflags[0])};
    return rp_session_compile(session, run->summary->source, &opts, module);
}

static bool has_function(const struct rp_module *module, const char *name) {
    const char *function = "";
    for (size_t i = 0; function && strcmp(function, name) != 0; i++)
        function = rp_module_function_name(module, i);
    return function;
}

/* As a BTF-typed tracepoint where the kernel has them, otherwise as a raw one. Both give the
 * program the same arguments. */
static struct rp_error *attach(struct rp_session *session, struct rp_module *module,
                               const char *tracepoint) {
    char function[128], typed[128], raw[128];
    snprintf(function, sizeof(function), "raw_tracepoint__%s", tracepoint);
    snprintf(typed, sizeof(typed), "tp_btf:%s", tracepoint);
    snprintf(raw, sizeof(raw), "rawtracepoint:%s", tracepoint);
    if (!has_function(module, function))
        return NULL;
    return rp_session_attach(session, module, function, rp_probe_exists(typed) ? typed : raw);
}

static struct rp_error *run_session(struct rp_session *session, void *ctx) {
    struct run *run = ctx;
    struct rp_module *module;
    RP_TRY(compile(run, session, &module));
    run->module = module;
    RP_TRY(rp_map_info(rp_module_map_fd(module, "sums"), "sums", &run->map));
    run->copies = rp_map_is_per_cpu(&run->map) ? (size_t)libbpf_num_possible_cpus() : 1;
    for (const char *const *tracepoint = run->summary->tracepoints; *tracepoint; tracepoint++)
        RP_TRY(attach(session, module, *tracepoint));
    if (run->tool.verbose)
        rp_session_print_probes(session, stderr);
    const struct rp_report report = {&run->tool, run->interval, print_report, run};
    return rp_report_run(session, &report);
}

int rp_summary_main(int argc, char **argv, const struct rp_summary *summary) {
    const struct argp_child children[] = {
        {&rp_tool_argp, 0, NULL, 0}, {&rp_interval_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {
        .options = options, .parser = parse, .doc = summary->doc, .children = children};
    struct run run = {.summary = summary, .cpu = -1};
    argp_parse(&argp, argc, argv, 0, NULL, &run);
    int status = rp_tool_run(&run.tool, run_session, &run);
    for (size_t i = 0; i < run.entry_count; i++)
        free(run.entries[i].fresh);
    free(run.entries);
    return status;
}
