/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that sum up events by key in the kernel, and print the new part in each report. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_query.h"
#include "table.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/vec.h"

#define SLOTS 64 /* of the histograms in bpf-src/: times are below 2^63 */

struct entry {
    uint64_t total; /* of the new part */
    char text[RP_SUM_TEXT];
    void *key;
    uint64_t *fresh; /* what came since the last report */
    uint64_t *seen;  /* what the map held at the last report */
};

struct run {
    const struct rp_sums *sums;
    const struct rp_module *module;
    size_t key_size, value_size;
    size_t copies; /* copies of a value: one for each CPU in a per-CPU map */
    RP_VEC(struct entry) entries;
    size_t next; /* the entry that the map probably returns next: its order hardly changes */
};

static void run_clear(struct run *run) {
    for (size_t i = 0; i < run->entries.count; i++)
        free(run->entries.items[i].fresh);
    rp_vec_clear(&run->entries);
}

/* ------------------------------------------------------------------ what is new in the map */

static size_t value_count(const struct run *run) {
    return run->value_size / sizeof(uint64_t);
}

static struct rp_error *add_entry(struct run *run, const void *key) {
    /* fresh, seen and key in one block. */
    uint64_t *values = calloc(2, run->value_size + run->key_size);
    struct entry *entry = values ? rp_vec_add(&run->entries) : NULL;
    if (!entry) {
        free(values);
        return rp_error_nomem();
    }
    *entry = (struct entry){
        .fresh = values, .seen = values + value_count(run), .key = values + 2 * value_count(run)};
    memcpy(entry->key, key, run->key_size);
    if (run->sums->text)
        run->sums->text(key, entry->text);
    return NULL;
}

static struct rp_error *find_entry(struct run *run, const void *key, struct entry **out) {
    for (size_t tried = 0; tried < run->entries.count; tried++) {
        *out = &run->entries.items[run->next];
        run->next = (run->next + 1) % run->entries.count;
        if (!memcmp((*out)->key, key, run->key_size))
            return NULL;
    }
    RP_TRY(add_entry(run, key));
    *out = &run->entries.items[run->entries.count - 1];
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
        if (i == 0 || run->sums->histograms)
            entry->total += entry->fresh[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ reports */

/* The largest come last, as in BCC's tools: next to the prompt. */
static int by_total(const void *a, const void *b) {
    const struct entry *left = *(const struct entry *const *)a,
                       *right = *(const struct entry *const *)b;
    if (left->total != right->total)
        return left->total < right->total ? -1 : 1;
    return strcmp(left->text, right->text);
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct rp_sum *sum = record;
    const struct rp_sums *sums = ctx;
    char noun[32] = "", total[32];
    for (size_t i = 0; i < sizeof(noun) - 1 && sums->noun[i]; i++)
        noun[i] = (char)toupper((unsigned char)sums->noun[i]);
    snprintf(total, sizeof(total), "TOTAL_%s", sums->unit);
    rp_cell_text(row, noun, sums->width, sum->text, RP_SUM_TEXT);
    rp_cell_uint(row, total, -11, sum->total / sums->unit_ns);
}

static void print_histogram(const struct rp_sums *sums, const struct rp_sum *sum, bool first) {
    uint64_t counts[RP_LOG2_SLOTS] = {0};
    memcpy(counts, sum->values, SLOTS * sizeof(*counts));
    if (!sums->tool->json) {
        if (sums->noun) {
            printf("%s%s = ", first ? "" : "\n", sums->noun);
            rp_print_text(sum->text, RP_SUM_TEXT, stdout);
            putchar('\n');
        }
        rp_print_log2(sums->unit, counts, stdout);
        return;
    }
    struct rp_writer json;
    rp_tool_json_begin(sums->tool, &json);
    if (sums->noun && sums->is_number)
        rp_json_number(&json, sums->noun, sum->text);
    else if (sums->noun)
        rp_json_text(&json, sums->noun, sum->text, RP_SUM_TEXT);
    rp_json_string(&json, "unit", sums->unit);
    rp_json_log2(&json, "histogram", counts);
    rp_json_end(&json);
}

static struct rp_error *print_report(void *ctx) {
    struct run *run = ctx;
    const struct rp_sums *sums = run->sums;
    for (size_t i = 0; i < run->entries.count; i++)
        run->entries.items[i].total = 0; /* unless the map has it */
    RP_TRY(rp_map_each(run->module, "sums", update_entry, run));
    RP_AUTO_FREE const struct entry **sorted =
        calloc(run->entries.count + 1, sizeof(struct entry *));
    if (!sorted)
        return rp_error_nomem();
    size_t count = 0;
    for (size_t i = 0; i < run->entries.count; i++)
        if (run->entries.items[i].total)
            sorted[count++] = &run->entries.items[i];
    qsort(sorted, count, sizeof(struct entry *), by_total);

    const struct rp_table table = {.tool = sums->tool,
                                   .cells = sums->cells ? sums->cells : cells,
                                   .ctx = sums->cells ? sums->ctx : sums,
                                   .time_is_above = true};
    RP_AUTO_FREE uint64_t *zeros = calloc(value_count(run) + 1, sizeof(*zeros));
    if (!sums->histograms && zeros)
        rp_table_header(&table, &(struct rp_sum){.text = "", .values = zeros});
    for (size_t i = 0; i < count; i++) {
        const struct rp_sum sum = {sorted[i]->text, sorted[i]->fresh, sorted[i]->total};
        if (sums->histograms)
            print_histogram(sums, &sum, i == 0);
        else
            rp_table_row(&table, &sum);
    }
    return NULL;
}

/* What is read of the map `sums`: a histogram a value, or as many numbers as there are. */
static struct rp_error *set_schema(const struct rp_sums *sums, struct rp_module *module) {
    const struct rp_map_schema map = {.size = sizeof(map),
                                      .name = "sums",
                                      .means = RP_MEANS_TABLE,
                                      .value_size =
                                          sums->histograms ? SLOTS * sizeof(uint64_t) : 0};
    const struct rp_schema schema = {.size = sizeof(schema), .maps = &map, .map_count = 1};
    return rp_module_set_schema(module, &schema);
}

struct rp_error *rp_sums_run(struct rp_session *session, const struct rp_sums *given) {
    struct rp_sums whole;
    const struct rp_sums *sums = &whole;
    RP_TRY(rp_opts_read(&whole, sizeof(whole), given, "rp_sums"));
    struct rp_module *module;
    RP_TRY(rp_tool_compile(session, sums->tool, sums->name, sums->source, &module));
    RP_TRY(set_schema(sums, module));
    RP_AUTO(run_clear) struct run run = {.sums = sums, .module = module};
    RP_TRY(rp_map_sizes(module, "sums", &run.key_size, &run.value_size, &run.copies));
    RP_TRY(sums->attach ? sums->attach(session, module, sums->ctx)
                        : rp_session_attach_named(session, module, NULL));
    const struct rp_report report = {.size = sizeof(report),
                                     .tool = sums->tool,
                                     .interval = sums->interval,
                                     .print = print_report,
                                     .ctx = &run};
    return rp_report_run(session, &report);
}
