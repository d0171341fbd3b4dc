/* SPDX-License-Identifier: Apache-2.0 */
/* What a record costs its producer when the buffer is full: if the program learns it first, and
 * if it learns it after it made the record. */
#include "bench.h"

#define ROOM_PAGES 8192 /* space for all records */
#define FULL_PAGES 2    /* space for hardly any */

static double ns_a_call(const struct result *r) {
    return r->calls ? r->producer_s * 1e9 / (double)r->calls : 0;
}

/* The cost of a call that is not traced. */
static bool measure_untraced(const struct options *o, double *ns) {
    struct load load = {.threads = 1, .calls = o->burst};
    struct result result = {0};
    bool ok = load_start(&load);
    load_wait(&load);
    load_end(&load, &result.calls, &result.producer_s);
    *ns = ns_a_call(&result);
    return ok;
}

/* What tracing adds to a call, while nobody reads. */
static bool measure(const struct options *o, const struct transport *transport, unsigned pages,
                    double untraced, double *ns, uint64_t *failed) {
    const struct setup setup = {.transport = transport,
                                .size = o->sizes[0],
                                .pages = pages,
                                .producers = 1,
                                .work = o->work,
                                .every = o->every};
    struct load load = {.threads = 1, .calls = o->burst};
    struct bench bench;
    struct result result = {0};
    bool ok = bench_open(&bench, o, &setup) && bench_run_unread(&bench, &load, &result);
    bench_close(&bench);
    *ns = ns_a_call(&result) - untraced;
    *failed = result.failed;
    return ok;
}

static void print_costs(const struct options *o, const struct transport *transport, double sent,
                        double lost, uint64_t failed) {
    unsigned long long in_vain = transport->reserves ? 0 : failed;
    if (o->json) {
        struct rp_writer json;
        json_begin(&json, "late-failure", transport);
        rp_json_uint(&json, "size", o->sizes[0]);
        rp_json_uint(&json, "work", o->work);
        rp_json_double(&json, "sent_ns", 1, sent);
        rp_json_double(&json, "lost_ns", 1, lost);
        rp_json_uint(&json, "lost", failed);
        rp_json_uint(&json, "made_in_vain", in_vain);
        rp_json_end(&json);
    } else {
        printf("%-13s %9.0f %9.0f %12llu %16llu\n", transport->name, sent, lost,
               (unsigned long long)failed, in_vain);
    }
    fflush(stdout);
}

static bool run_transport(const struct options *o, const struct transport *transport) {
    double sent[MAX_ROUNDS], lost[MAX_ROUNDS];
    uint64_t failed = 0, none;
    bool ok = true;
    for (unsigned i = 0; ok && i < o->rounds; i++) {
        double untraced;
        ok = measure_untraced(o, &untraced) &&
             measure(o, transport, ROOM_PAGES, untraced, &sent[i], &none) &&
             measure(o, transport, FULL_PAGES, untraced, &lost[i], &failed);
    }
    if (ok)
        print_costs(o, transport, median(sent, o->rounds), median(lost, o->rounds), failed);
    return ok;
}

bool late_failure_run(const struct options *o) {
    if (!o->json)
        printf("What tracing adds to a call, in ns, with %u reads of kernel memory per record:\n"
               "for a record that is SENT, and for one that is LOST because the buffer is full.\n"
               "%-13s %9s %9s %12s %16s\n",
               o->work, "TRANSPORT", "SENT(ns)", "LOST(ns)", "RECORDS LOST", "MADE IN VAIN");
    for (size_t i = 0; i < o->transport_count; i++)
        if (!run_transport(o, o->transports[i]))
            return false;
    return true;
}
