/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matches PATTERN COMMAND [TO]: counts, for each match, how often the command passes
 * it. Prints "COUNT SPEC" of each that was passed, in their order, then "matches FOUND ATTACHED
 * at-once|one-by-one ATTACH_MS DETACH_MS". With TO it moves to the matches of that one, and
 * pauses, before the command runs; then it goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"

static const char source[] = "BPF_HASH(counts, u64, u64, 65536);\n"
                             "int count(void *ctx) {\n"
                             "    u64 place = bpf_get_attach_cookie(ctx);\n"
                             "    if (is_target())\n"
                             "        counts.increment(place);\n"
                             "    return 0;\n"
                             "}\n";

struct run {
    const char *pattern, *to; /* `to` may be NULL */
    size_t found, attached;
    bool at_once;
    double attach_ms, detach_ms;
    struct rp_module *module;
    struct rp_probe *probe;
    uint64_t counts[65536]; /* by number of the place */
    size_t unknown;         /* numbers that no place has */
};

static double now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct rp_error *attach(struct run *run) {
    struct rp_error *err = rp_probe_count(run->pattern, &run->found, &run->at_once);
    double start = now_ms();
    if (!err)
        err = rp_probe_attach(run->module, "count", run->pattern, &run->probe);
    run->attach_ms = now_ms() - start;
    return err;
}

static struct rp_error *move(struct run *run) {
    struct rp_error *err = run->to ? rp_probe_move(run->probe, run->to) : NULL;
    if (!err && run->to)
        err = rp_probe_pause(run->probe);
    return err || !run->to ? err : rp_probe_resume(run->probe);
}

static struct rp_error *add(void *ctx, const void *key, const void *value) {
    struct run *run = ctx;
    uint64_t place;
    memcpy(&place, key, sizeof(place));
    if (place < run->attached)
        memcpy(&run->counts[place], value, sizeof(run->counts[place]));
    else
        run->unknown++;
    return NULL;
}

/* The probe is not the session's, which would end it with its run: its places are still to be
 * told. */
static struct rp_error *trace(struct rp_session *session, struct run *run) {
    struct rp_compile_opts opts = {.size = sizeof(opts), .movable = run->to};
    struct rp_error *err = rp_session_compile(session, source, &opts, &run->module);
    if (!err)
        err = attach(run);
    if (!err)
        err = move(run);
    if (!err)
        err = rp_session_run(session);
    run->attached = run->probe ? rp_probe_match_count(run->probe) : 0;
    return err ? err : rp_map_each(run->module, "counts", add, run);
}

static void print(const struct run *run) {
    for (size_t i = 0; i < run->attached; i++)
        if (run->counts[i])
            printf("%llu %s\n", (unsigned long long)run->counts[i], rp_probe_match(run->probe, i));
    if (run->unknown || rp_probe_match(run->probe, run->attached))
        printf("matches that are none\n");
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "Usage: matches PATTERN COMMAND [TO]\n");
        return 2;
    }
    static struct run run;
    run.pattern = argv[1];
    run.to = argv[3];
    struct rp_session_opts opts = {.size = sizeof(opts), .command = argv[2]};
    struct rp_session *session = NULL;
    struct rp_error *err = rp_session_new(&opts, &session);
    if (!err)
        err = trace(session, &run);
    if (!err)
        print(&run);
    double start = now_ms();
    rp_probe_free(run.probe);
    run.detach_ms = now_ms() - start;
    if (!err)
        printf("matches %zu %zu %s %.0f %.0f\n", run.found, run.attached,
               run.at_once ? "at-once" : "one-by-one", run.attach_ms, run.detach_ms);
    rp_session_free(session);
    return rp_tool_end(err, false);
}
