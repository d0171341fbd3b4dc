/* SPDX-License-Identifier: Apache-2.0 */
/* Compares transports, for each record size, memory and number of producers. */
#include "bench.h"

#define CHART_WIDTH 46

/* The results of one transport, one per round. */
struct row {
    const struct transport *transport; /* NULL: untraced */
    struct result rounds[MAX_ROUNDS];
};

static double calls_rate(const struct result *r) {
    return r->seconds > 0 ? (double)r->calls / r->seconds : 0;
}

static bool measure_untraced(const struct options *o, unsigned producers, struct result *result) {
    struct load load = {.threads = producers};
    double start = seconds_now();
    bool ok = load_start(&load);
    const struct timespec time = {.tv_sec = (time_t)(o->run_ns / 1000000000u),
                                  .tv_nsec = (long)(o->run_ns % 1000000000u)};
    nanosleep(&time, NULL);
    load_end(&load, &result->calls, &result->producer_s);
    result->seconds = seconds_now() - start;
    return ok;
}

static bool measure(const struct options *o, const struct setup *setup, struct result *result) {
    struct bench bench;
    struct load load = {.threads = setup->producers};
    bool ok = bench_open(&bench, o, setup) &&
              bench_run(&bench, setup->transport->reader, &load, o->run_ns, result);
    bench_close(&bench);
    if (ok && result->produced != result->delivered + result->failed) {
        fprintf(stderr, "reprobe: %s: %llu produced, but %llu delivered and %llu lost\n",
                setup->transport->name, (unsigned long long)result->produced,
                (unsigned long long)result->delivered, (unsigned long long)result->failed);
        return false;
    }
    return ok;
}

static void print_json(const struct options *o, const struct setup *setup, const struct row *row,
                       double slower) {
    const struct result *r = row->rounds;
    size_t n = o->rounds;
    struct rp_writer json;
    json_begin(&json, "throughput", row->transport);
    rp_json_uint(&json, "size", setup->size);
    rp_json_uint(&json, "memory", bench_memory(setup));
    rp_json_uint(&json, "producers", setup->producers);
    rp_json_double(&json, "produced_per_s", 0, median_of(r, n, produced_rate));
    rp_json_double(&json, "delivered_per_s", 0, median_of(r, n, delivered_rate));
    rp_json_double(&json, "lost_share", 4, median_of(r, n, lost_share));
    rp_json_double(&json, "producer_ms_per_million", 1, median_of(r, n, producer_ms));
    rp_json_double(&json, "reader_ms_per_million", 1, median_of(r, n, reader_ms));
    rp_json_double(&json, "wakeups_per_s", 0, median_of(r, n, wakeup_rate));
    rp_json_double(&json, "slowdown", 2, slower);
    rp_json_end(&json);
}

static void print_row(const struct options *o, const struct row *row, double slower) {
    char made[16], delivered[16], woken[16];
    const struct result *r = row->rounds;
    size_t n = o->rounds;
    printf("%-13s %10s %11s %6.1f%% %8.0f %8.0f %9s %7.1f\n", row->transport->name,
           short_number(median_of(r, n, produced_rate), made),
           short_number(median_of(r, n, delivered_rate), delivered),
           median_of(r, n, lost_share) * 100, median_of(r, n, producer_ms),
           median_of(r, n, reader_ms), short_number(median_of(r, n, wakeup_rate), woken), slower);
}

static void print_chart(const struct options *o, const struct row *rows) {
    double most = 0;
    char text[16];
    for (size_t i = 1; i <= o->transport_count; i++) {
        double rate = median_of(rows[i].rounds, o->rounds, delivered_rate);
        most = rate > most ? rate : most;
    }
    printf("\nrecords delivered a second\n");
    for (size_t i = 1; i <= o->transport_count; i++) {
        double rate = median_of(rows[i].rounds, o->rounds, delivered_rate);
        printf("%-13s |", rows[i].transport->name);
        print_bar(rate, most, CHART_WIDTH);
        printf(" %s\n", short_number(rate, text));
    }
}

static void print_rows(const struct options *o, const struct setup *setup, const struct row *rows) {
    double untraced = median_of(rows[0].rounds, o->rounds, calls_rate);
    char text[16];
    if (!o->json)
        printf("records of %u bytes, %zu KiB, %u producer%s (untraced: %s calls/s)\n"
               "%-13s %10s %11s %7s %8s %8s %9s %7s\n",
               setup->size, bench_memory(setup) / 1024, setup->producers,
               setup->producers == 1 ? "" : "s", short_number(untraced, text), "TRANSPORT",
               "PRODUCED/s", "DELIVERED/s", "LOST", "PRODUCER", "READER", "WAKEUPS/s", "SLOWER");
    for (size_t i = 1; i <= o->transport_count; i++) {
        double rate = median_of(rows[i].rounds, o->rounds, calls_rate);
        struct setup one = *setup;
        one.transport = rows[i].transport;
        if (o->json)
            print_json(o, &one, &rows[i], rate > 0 ? untraced / rate : 0);
        else
            print_row(o, &rows[i], rate > 0 ? untraced / rate : 0);
    }
    if (o->chart && !o->json)
        print_chart(o, rows);
    if (!o->json)
        putchar('\n');
    fflush(stdout);
}

/* Each round runs every transport, so that all of them see the same noise. */
static bool compare(const struct options *o, const struct setup *common) {
    static struct row rows[MAX_CHOICES + 1];
    bool ok = true;
    for (size_t i = 0; i <= o->transport_count; i++)
        rows[i].transport = i ? o->transports[i - 1] : NULL;
    for (unsigned round = 0; ok && round < o->rounds; round++) {
        ok = measure_untraced(o, common->producers, &rows[0].rounds[round]);
        for (size_t i = 1; ok && i <= o->transport_count; i++) {
            struct setup setup = *common;
            setup.transport = rows[i].transport;
            ok = measure(o, &setup, &rows[i].rounds[round]);
        }
    }
    if (ok)
        print_rows(o, common, rows);
    return ok;
}

bool throughput_run(const struct options *o) {
    if (!o->json)
        printf("PRODUCER and READER: milliseconds of processor time for a million records,\n"
               "the traced calls themselves included. Medians of %u rounds of %.1f s.\n\n",
               o->rounds, (double)o->run_ns / 1e9);
    for (size_t s = 0; s < o->size_count; s++)
        for (size_t p = 0; p < o->page_count; p++)
            for (size_t t = 0; t < o->producer_count; t++) {
                const struct setup setup = {.transport = o->transports[0],
                                            .size = o->sizes[s],
                                            .pages = o->pages[p],
                                            .producers = o->producers[t],
                                            .every = o->every};
                if (!compare(o, &setup))
                    return false;
            }
    return true;
}
