/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in a session: records, losses, times. */
#include <sys/wait.h>

#include "compile/module.h"
#include "session/session.h"

void rp_session_module_stats(const struct rp_session *s, const struct rp_module *module,
                             struct rp_stats *out) {
    *out = (struct rp_stats){0};
    uint64_t kernel_lost = 0, counted = rp_module_lost(module);
    for (size_t i = 0; i < s->streams.count; i++) {
        const struct rp_stream *stream = s->streams.items[i];
        if (stream->module != module)
            continue;
        out->delivered += stream->delivered;
        out->dropped += stream->dropped;
        kernel_lost += stream->kernel_lost;
    }
    /* Programs count each failed send; the kernel tells of a perf buffer's losses only with the
     * next record that fits, so its number is never the larger one unless programs cannot count. */
    out->lost = counted > kernel_lost ? counted : kernel_lost;
}

static void add_stats(struct rp_stats *sum, const struct rp_session *s,
                      const struct rp_module *module) {
    struct rp_stats one;
    rp_session_module_stats(s, module, &one);
    sum->delivered += one.delivered;
    sum->dropped += one.dropped;
    sum->lost += one.lost;
}

void rp_session_stats(const struct rp_session *s, struct rp_stats *out) {
    *out = s->gone;
    out->delivered += s->trace_lines;
    out->lost += s->trace.lost;
    for (size_t i = 0; i < s->modules.count; i++)
        add_stats(out, s, s->modules.items[i]);
    for (size_t i = 0; i < s->removed.count; i++)
        add_stats(out, s, s->removed.items[i]);
}

int rp_session_command_status(const struct rp_session *s) {
    return s->child.ended ? s->child.status : -1;
}

static void add_timings(struct rp_timings *sum, const struct rp_module *module) {
    struct rp_timings one;
    rp_module_timings(module, &one);
    sum->types_ms += one.types_ms;
    sum->compile_ms += one.compile_ms;
    sum->load_ms += one.load_ms;
    sum->attach_ms += one.attach_ms;
    sum->cached &= one.cached;
}

void rp_session_timings(const struct rp_session *s, struct rp_timings *out) {
    *out = s->gone_timings;
    out->cached = s->modules.count > 0;
    for (size_t i = 0; i < s->modules.count; i++)
        add_timings(out, s->modules.items[i]);
}

void rp_session_add_gone(struct rp_session *s, const struct rp_module *module) {
    add_stats(&s->gone, s, module);
    add_timings(&s->gone_timings, module);
}

/* Of a pattern its places, by number. */
static void print_places(const struct rp_probe *probe, FILE *out) {
    if (!rp_probe_is_pattern(rp_probe_spec(probe)))
        return;
    for (size_t i = 0; i < rp_probe_match_count(probe); i++)
        fprintf(out, "reprobe: place %zu is %s\n", i, rp_probe_match(probe, i));
}

void rp_session_print_probes(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->probes.count; i++) {
        fprintf(out, "reprobe: attached to %s\n", rp_probe_spec(s->probes.items[i]));
        print_places(s->probes.items[i], out);
    }
}

static void report_command(const struct rp_session *s, FILE *out) {
    int status = rp_session_command_status(s);
    if (status > 0 && WIFSIGNALED(status))
        fprintf(out, "reprobe: the command was ended by signal %d\n", WTERMSIG(status));
    else if (status > 0)
        fprintf(out, "reprobe: the command ended with status %d\n", WEXITSTATUS(status));
}

static void report_loss(const struct rp_session *s, FILE *out) {
    struct rp_stats stats;
    rp_session_stats(s, &stats);
    if (stats.lost)
        fprintf(out,
                "reprobe: %llu event%s lost: the buffer was full (%llu delivered)\n"
                "hint: filter in the program, print less, or give a ring buffer more pages\n",
                (unsigned long long)stats.lost, stats.lost == 1 ? "" : "s",
                (unsigned long long)stats.delivered);
}

void rp_session_report(const struct rp_session *s, FILE *out) {
    report_command(s, out);
    report_loss(s, out);
}
