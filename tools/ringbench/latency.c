/* SPDX-License-Identifier: Apache-2.0 */
/* How long a record takes to reach its reader, from single records to a steady flow, and what an
 * idle second costs. */
#include <stdlib.h>

#include "bench.h"

#define MAX_RECORDS 4000

/* Records per second, and how many. */
static const struct {
    unsigned rate, records;
} paces[] = {{10, 10}, {100, 50}, {1000, 300}, {10000, 3000}};

struct latencies {
    double us[MAX_RECORDS];
    size_t count;
};

static void note(void *ctx, const struct event *event) {
    struct latencies *l = ctx;
    uint64_t now = now_ns();
    if (l->count < MAX_RECORDS)
        l->us[l->count++] = (double)(now - event->time) / 1e3;
}

static void print_pace(const struct options *o, const struct transport *transport, unsigned rate,
                       struct latencies *l, const struct result *r) {
    double middle = l->count ? median(l->us, l->count) : 0;
    double most = l->count ? l->us[l->count - 1] : 0; /* they are sorted now */
    double wakeups = r->delivered ? (double)r->wakeups / (double)r->delivered : 0;
    if (o->json) {
        struct rp_writer json;
        json_begin(&json, "latency", transport);
        rp_json_uint(&json, "per_s", rate);
        rp_json_uint(&json, "records", l->count);
        rp_json_double(&json, "median_us", 1, middle);
        rp_json_double(&json, "max_us", 1, most);
        rp_json_double(&json, "wakeups_per_record", 2, wakeups);
        rp_json_end(&json);
    } else {
        printf("%-13s %9u %9zu %12.1f %12.1f %15.2f\n", transport->name, rate, l->count, middle,
               most, wakeups);
    }
    fflush(stdout);
}

static void print_idle(const struct options *o, const struct transport *transport,
                       const struct result *r) {
    if (o->json) {
        struct rp_writer json;
        json_begin(&json, "latency", transport);
        rp_json_uint(&json, "per_s", 0);
        rp_json_double(&json, "wakeups_per_s", 1, wakeup_rate(r));
        rp_json_double(&json, "reader_ms_per_s", 2, r->reader_s * 1e3 / r->seconds);
        rp_json_end(&json);
    } else {
        printf("%-13s %9s %.0f wake-ups and %.1f ms of processor time a second\n\n",
               transport->name, "idle", wakeup_rate(r), r->reader_s * 1e3 / r->seconds);
    }
    fflush(stdout);
}

static bool run_paces(const struct options *o, struct bench *bench, struct latencies *l) {
    const struct transport *transport = bench->setup.transport;
    struct result result;
    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
        struct load load = {
            .threads = 1, .calls = paces[i].records, .period_ns = 1000000000ULL / paces[i].rate};
        l->count = 0;
        if (!bench_run(bench, transport->reader, &load, 60000000000ULL, &result))
            return false;
        print_pace(o, transport, paces[i].rate, l, &result);
    }
    struct load none = {.threads = 0};
    if (!bench_run(bench, transport->reader, &none, 1000000000ULL, &result))
        return false;
    print_idle(o, transport, &result);
    return true;
}

static bool run_transport(const struct options *o, const struct transport *transport) {
    const struct setup setup = {.transport = transport,
                                .size = o->sizes[0],
                                .pages = o->pages[0],
                                .producers = 1,
                                .every = o->every};
    struct latencies *l = malloc(sizeof(*l));
    struct bench bench;
    bool ok = bench_open(&bench, o, &setup) && l;
    bench.on_record = note;
    bench.ctx = l;
    ok = ok && run_paces(o, &bench, l);
    bench_close(&bench);
    free(l);
    return ok;
}

bool latency_run(const struct options *o) {
    if (!o->json)
        printf("%-13s %9s %9s %12s %12s %15s\n", "TRANSPORT", "RECORDS/s", "DELIVERED",
               "MEDIAN(us)", "MOST(us)", "WAKEUPS/RECORD");
    for (size_t i = 0; i < o->transport_count; i++)
        if (!run_transport(o, o->transports[i]))
            return false;
    return true;
}
