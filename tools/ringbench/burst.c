/* SPDX-License-Identifier: Apache-2.0 */
/* A burst while the reader sleeps: what is lost at equal memory, and how much memory loses nothing.
 */
#include "bench.h"

#define MAX_PAGES 65536

static bool run_once(const struct options *o, const struct setup *setup, struct result *result) {
    struct load load = {.threads = setup->producers, .calls = o->burst / setup->producers};
    struct bench bench;
    bool ok = bench_open(&bench, o, setup) && bench_run_unread(&bench, &load, result);
    bench_close(&bench);
    return ok;
}

/* The least memory at which nothing is lost; 0: more than MAX_PAGES. */
static bool find_memory(const struct options *o, struct setup *setup, size_t *memory) {
    struct result result;
    *memory = 0;
    for (setup->pages = cpu_count(); setup->pages <= MAX_PAGES; setup->pages *= 2) {
        if (!run_once(o, setup, &result))
            return false;
        if (result.failed == 0) {
            *memory = bench_memory(setup);
            return true;
        }
    }
    return true;
}

static void print_burst(const struct options *o, const struct setup *setup, size_t memory,
                        const struct result *r, size_t lossless) {
    if (o->json) {
        struct rp_writer json;
        json_begin(&json, "burst", setup->transport);
        rp_json_uint(&json, "size", setup->size);
        rp_json_uint(&json, "producers", setup->producers);
        rp_json_uint(&json, "memory", memory);
        rp_json_uint(&json, "produced", r->produced);
        rp_json_uint(&json, "delivered", r->delivered);
        rp_json_uint(&json, "lost", r->failed);
        rp_json_uint(&json, "lossless_memory", lossless);
        rp_json_end(&json);
    } else {
        printf("%-13s %5u %9u %10zu %9llu %9llu %9llu %13zu\n", setup->transport->name, setup->size,
               setup->producers, memory / 1024, (unsigned long long)r->produced,
               (unsigned long long)r->delivered, (unsigned long long)r->failed, lossless / 1024);
    }
    fflush(stdout);
}

static bool run_burst(const struct options *o, const struct transport *transport, unsigned size,
                      unsigned producers) {
    struct setup setup = {.transport = transport,
                          .size = size,
                          .pages = o->pages[0],
                          .producers = producers,
                          .every = o->every};
    struct result result;
    size_t memory = bench_memory(&setup), lossless;
    if (!run_once(o, &setup, &result) || !find_memory(o, &setup, &lossless))
        return false;
    print_burst(o, &setup, memory, &result, lossless);
    return true;
}

bool burst_run(const struct options *o) {
    if (!o->json)
        printf("%-13s %5s %9s %10s %9s %9s %9s %13s\n", "TRANSPORT", "SIZE", "PRODUCERS",
               "MEMORY(KiB)", "PRODUCED", "DELIVERED", "LOST", "LOSSLESS(KiB)");
    for (size_t s = 0; s < o->size_count; s++)
        for (size_t p = 0; p < o->producer_count; p++)
            for (size_t i = 0; i < o->transport_count; i++)
                if (!run_burst(o, o->transports[i], o->sizes[s], o->producers[p]))
                    return false;
    return true;
}
