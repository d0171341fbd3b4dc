/* SPDX-License-Identifier: Apache-2.0 */
/* Forks, execs and exits on changing CPUs: how often their records are out of order. */
#include <stdlib.h>

#include "bench.h"

#define MAX_PIDS (1u << 22) /* the kernel's PID_MAX_LIMIT */

struct order {
    uint8_t *seen; /* of each process: bits of enum kind */
    uint64_t newest;
    uint64_t older;     /* records that are older than one delivered before */
    uint64_t reversed;  /* execs before their fork, exits before their exec */
    uint64_t latest_ns; /* the most by which one was late */
};

static void note(void *ctx, const struct event *event) {
    struct order *order = ctx;
    if (event->time < order->newest) {
        order->older++;
        if (order->newest - event->time > order->latest_ns)
            order->latest_ns = order->newest - event->time;
    } else {
        order->newest = event->time;
    }
    uint8_t *seen = &order->seen[event->pid % MAX_PIDS];
    if (event->kind == KIND_EXEC && !(*seen & 1 << KIND_FORK))
        order->reversed++;
    if (event->kind == KIND_EXIT && !(*seen & 1 << KIND_EXEC))
        order->reversed++;
    *seen |= (uint8_t)(1 << event->kind);
    if (*seen == (1 << KIND_FORK | 1 << KIND_EXEC | 1 << KIND_EXIT))
        *seen = 0; /* the kernel may reuse the number */
}

static void print_order(const struct options *o, const struct transport *transport,
                        const struct order *order, const struct result *r) {
    if (o->json) {
        struct rp_writer json;
        json_begin(&json, "ordering", transport);
        rp_json_uint(&json, "produced", r->produced);
        rp_json_uint(&json, "delivered", r->delivered);
        rp_json_uint(&json, "lost", r->failed);
        rp_json_uint(&json, "out_of_order", order->older);
        rp_json_uint(&json, "reversed", order->reversed);
        rp_json_double(&json, "latest_us", 1, (double)order->latest_ns / 1e3);
        rp_json_end(&json);
    } else {
        printf("%-13s %9llu %9llu %6llu %12llu %9llu %12.1f\n", transport->name,
               (unsigned long long)r->produced, (unsigned long long)r->delivered,
               (unsigned long long)r->failed, (unsigned long long)order->older,
               (unsigned long long)order->reversed, (double)order->latest_ns / 1e3);
    }
    fflush(stdout);
}

static bool run_transport(const struct options *o, const struct transport *transport) {
    const struct setup setup = {.transport = transport,
                                .size = o->sizes[0],
                                .pages = o->pages[0],
                                .producers = 2,
                                .every = o->every,
                                .processes = true};
    struct load load = {.threads = 2, .calls = o->burst / 20, .processes = true};
    struct order order = {.seen = calloc(MAX_PIDS, 1)};
    struct bench bench;
    struct result result;
    bool ok = bench_open(&bench, o, &setup) && order.seen;
    bench.on_record = note;
    bench.ctx = &order;
    ok = ok && bench_run(&bench, transport->reader, &load, 60000000000ULL, &result);
    bench_close(&bench);
    free(order.seen);
    if (ok)
        print_order(o, transport, &order, &result);
    return ok;
}

bool ordering_run(const struct options *o) {
    if (!o->json)
        printf("%u programs, each started on one CPU and ended on another\n"
               "%-13s %9s %9s %6s %12s %9s %12s\n",
               2 * (o->burst / 20), "TRANSPORT", "PRODUCED", "DELIVERED", "LOST", "OUT OF ORDER",
               "REVERSED", "LATEST(us)");
    for (size_t i = 0; i < o->transport_count; i++)
        if (!run_transport(o, o->transports[i]))
            return false;
    if (!o->json)
        printf("OUT OF ORDER: older than an earlier record; LATEST: by how much at most.\n"
               "REVERSED: an exec before its fork, or an exit before its exec.\n");
    return true;
}
