/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe's event loop next to ring_buffer__poll(), on one program and one map, in pairs of runs.
 */
#include "bench.h"

/* The median over all pairs of our figure divided by libbpf's. */
static double ratio_of(const struct result *ours, const struct result *libbpfs, size_t count) {
    double ratios[MAX_ROUNDS] = {0};
    for (size_t i = 0; i < count; i++)
        ratios[i] = delivered_rate(&ours[i]) / delivered_rate(&libbpfs[i]);
    return median(ratios, count);
}

static void print_reader_json(const struct options *o, const char *wakes, const char *name,
                              const struct result *r) {
    struct rp_writer json;
    json_begin(&json, "libbpf", NULL);
    rp_json_string(&json, "wakeups", wakes);
    rp_json_string(&json, "reader", name);
    rp_json_double(&json, "delivered_per_s", 0, median_of(r, o->rounds, delivered_rate));
    rp_json_double(&json, "lost_share", 4, median_of(r, o->rounds, lost_share));
    rp_json_double(&json, "producer_ms_per_million", 1, median_of(r, o->rounds, producer_ms));
    rp_json_double(&json, "reader_ms_per_million", 1, median_of(r, o->rounds, reader_ms));
    rp_json_double(&json, "wakeups_per_s", 0, median_of(r, o->rounds, wakeup_rate));
    rp_json_end(&json);
}

static void print_reader(const struct options *o, const char *wakes, const char *name,
                         const struct result *r) {
    char delivered[16], woken[16];
    if (o->json) {
        print_reader_json(o, wakes, name, r);
        return;
    }
    printf("%-8s %-17s %11s %6.1f%% %8.0f %8.0f %9s\n", wakes, name,
           short_number(median_of(r, o->rounds, delivered_rate), delivered),
           median_of(r, o->rounds, lost_share) * 100, median_of(r, o->rounds, producer_ms),
           median_of(r, o->rounds, reader_ms),
           short_number(median_of(r, o->rounds, wakeup_rate), woken));
}

static void print_ratio(const struct options *o, const char *wakes, double ratio) {
    if (!o->json) {
        printf("reprobe delivers %.2f times as many records a second (median of %u pairs)\n\n",
               ratio, o->rounds);
        return;
    }
    struct rp_writer json;
    json_begin(&json, "libbpf", NULL);
    rp_json_string(&json, "wakeups", wakes);
    rp_json_double(&json, "delivered_ratio", 3, ratio);
    rp_json_end(&json);
}

static void print_pairs(const struct options *o, const char *wakes, const struct result *ours,
                        const struct result *libbpfs) {
    print_reader(o, wakes, "ring_buffer__poll", libbpfs);
    print_reader(o, wakes, "reprobe", ours);
    print_ratio(o, wakes, ratio_of(ours, libbpfs, o->rounds));
    fflush(stdout);
}

static bool one_run(const struct options *o, struct bench *bench, enum reader reader,
                    struct result *result) {
    struct load load = {.threads = bench->setup.producers};
    return bench_run(bench, reader, &load, o->run_ns, result);
}

static bool run_pairs(const struct options *o, bool kernel_wakes) {
    const struct setup setup = {.transport = transport_named("reprobe", 7),
                                .size = o->sizes[0],
                                .pages = o->pages[0],
                                .producers = o->producers[0],
                                .kernel_wakes = kernel_wakes};
    struct result ours[MAX_ROUNDS], libbpfs[MAX_ROUNDS];
    struct bench bench;
    bool ok = bench_open(&bench, o, &setup);
    for (unsigned i = 0; ok && i < o->rounds; i++) {
        bool first = i % 2; /* they take turns to run first */
        if (first)
            ok = one_run(o, &bench, READER_REPROBE, &ours[i]);
        ok = ok && one_run(o, &bench, READER_LIBBPF, &libbpfs[i]);
        if (!first)
            ok = ok && one_run(o, &bench, READER_REPROBE, &ours[i]);
    }
    bench_close(&bench);
    if (ok)
        print_pairs(o, kernel_wakes ? "kernel" : "reprobe", ours, libbpfs);
    return ok;
}

bool libbpf_run(const struct options *o) {
    if (!o->json)
        printf("records of %u bytes, %u KiB, decoding off; WAKES: who decides when the reader is\n"
               "woken, the kernel alone or the code that reprobe adds to programs\n"
               "%-8s %-17s %11s %7s %8s %8s %9s\n",
               o->sizes[0], o->pages[0] * PAGE / 1024, "WAKES", "READER", "DELIVERED/s", "LOST",
               "PRODUCER", "READER", "WAKEUPS/s");
    return run_pairs(o, true) && run_pairs(o, false);
}
