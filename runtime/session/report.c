/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in a session: records, losses, times. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "compile/module.h"
#include "kernel/pids.h"
#include "reprobe_query.h"
#include "session/session.h"
#include "util/cleanup.h"

static struct rp_stats stats_of(const struct rp_session *s, const struct rp_module *module) {
    struct rp_stats stats = {0};
    uint64_t kernel_lost = 0, counted[RP_LOST_KINDS];
    rp_module_lost(module, counted);
    for (size_t i = 0; i < s->streams.count; i++) {
        const struct rp_stream *stream = s->streams.items[i];
        if (stream->module != module)
            continue;
        stats.delivered += stream->delivered;
        stats.dropped += stream->dropped;
        kernel_lost += stream->kernel_lost;
    }
    /* Programs count each failed send; the kernel tells of a perf buffer's losses only with the
     * next record that fits, so its number is never the larger one unless programs cannot count. */
    stats.lost = counted[RP_LOST_FULL] > kernel_lost ? counted[RP_LOST_FULL] : kernel_lost;
    for (size_t i = RP_LOST_FULL + 1; i < RP_LOST_KINDS; i++)
        stats.refused += counted[i];
    stats.lost += stats.refused;
    return stats;
}

const struct rp_stats *rp_session_module_stats(struct rp_session *s,
                                               const struct rp_module *module) {
    s->module_stats = stats_of(s, module);
    return &s->module_stats;
}

static void add_stats(struct rp_stats *sum, const struct rp_session *s,
                      const struct rp_module *module) {
    struct rp_stats one = stats_of(s, module);
    sum->delivered += one.delivered;
    sum->dropped += one.dropped;
    sum->lost += one.lost;
    sum->refused += one.refused;
}

const struct rp_stats *rp_session_stats(struct rp_session *s) {
    struct rp_stats *stats = &s->stats;
    *stats = s->gone;
    stats->delivered += s->trace_lines;
    stats->lost += s->trace.lost;
    for (size_t i = 0; i < s->modules.count; i++)
        add_stats(stats, s, s->modules.items[i]);
    for (size_t i = 0; i < s->removed.count; i++)
        add_stats(stats, s, s->removed.items[i]);
    return stats;
}

int rp_session_command_status(const struct rp_session *s) {
    return s->child.ended ? s->child.status : -1;
}

bool rp_session_target_ended(const struct rp_session *s) {
    return s->target_ended || s->child.ended;
}

static void add_timings(struct rp_timings *sum, const struct rp_module *module) {
    const struct rp_timings *one = rp_module_timings(module);
    sum->types_ms += one->types_ms;
    sum->compile_ms += one->compile_ms;
    sum->load_ms += one->load_ms;
    sum->attach_ms += one->attach_ms;
    sum->cached &= one->cached;
}

const struct rp_timings *rp_session_timings(struct rp_session *s) {
    s->timings = s->gone_timings;
    s->timings.cached = s->modules.count > 0;
    for (size_t i = 0; i < s->modules.count; i++)
        add_timings(&s->timings, s->modules.items[i]);
    return &s->timings;
}

void rp_session_add_gone(struct rp_session *s, const struct rp_module *module) {
    add_stats(&s->gone, s, module);
    add_timings(&s->gone_timings, module);
}

/* A pattern's matches, by number. */
static void print_matches(const struct rp_probe *probe, FILE *out) {
    if (!rp_probe_is_pattern(rp_probe_spec(probe)))
        return;
    for (size_t i = 0; i < rp_probe_match_count(probe); i++)
        fprintf(out, "reprobe: match %zu is %s\n", i, rp_probe_match(probe, i));
}

void rp_session_print_probes(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->probes.count; i++) {
        fprintf(out, "reprobe: attached to %s\n", rp_probe_spec(s->probes.items[i]));
        print_matches(s->probes.items[i], out);
    }
}

static void print_risk(const struct rp_session *s, FILE *out) {
    RP_AUTO_FREE char *risk = NULL;
    for (size_t i = 0; !risk && i < s->probes.count; i++)
        risk = rp_probe_risk(rp_probe_spec(s->probes.items[i]));
    if (risk)
        fprintf(out, "reprobe: note: %s\n", risk);
}

static void print_unseen(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->probes.count; i++) {
        RP_AUTO_FREE char *unseen = rp_probe_unseen(rp_probe_spec(s->probes.items[i]));
        if (unseen && (!i || strcmp(rp_probe_spec(s->probes.items[i]),
                                    rp_probe_spec(s->probes.items[i - 1])) != 0))
            fprintf(out, "reprobe: note: %s\n", unseen);
    }
}

/* One says it: the others differ in the probe only. */
void rp_session_print_notes(const struct rp_session *s, FILE *out) {
    if (!rp_pids_are_kernels())
        fputs("reprobe: note: this is a PID namespace: the pids of events are the kernel's own "
              "numbers\n",
              out);
    print_risk(s, out);
    print_unseen(s, out);
    for (size_t i = 0; i < s->probes.count && !s->opts.command; i++) {
        RP_AUTO_FREE char *note = rp_probe_note(rp_probe_spec(s->probes.items[i]), s->target.pid);
        if (note) {
            fprintf(out, "reprobe: note: %s\n", note);
            return;
        }
    }
}

static void report_command(const struct rp_session *s, FILE *out) {
    int status = rp_session_command_status(s);
    if (status > 0 && WIFSIGNALED(status))
        fprintf(out, "reprobe: the command was ended by signal %d\n", WTERMSIG(status));
    else if (status > 0)
        fprintf(out, "reprobe: the command ended with status %d\n", WEXITSTATUS(status));
    if (s->target_ended)
        fprintf(out, "reprobe: process %d has ended\n", s->target.pid);
}

static void report_loss(struct rp_session *s, FILE *out) {
    const struct rp_stats *stats = rp_session_stats(s);
    uint64_t full = stats->lost - stats->refused;
    if (full)
        fprintf(out,
                "reprobe: %llu event%s lost: the buffer was full (%llu delivered)\n"
                "hint: filter in the program, print less, or give a ring buffer more pages\n",
                (unsigned long long)full, full == 1 ? "" : "s",
                (unsigned long long)stats->delivered);
}

static void print_loss(void *ctx, const char *text) {
    fprintf(ctx, "reprobe: %s\n", text);
}

static void print_error(struct rp_error *err, FILE *out) {
    if (err)
        rp_error_print(err, out);
    rp_error_free(err);
}

/* A prompt tells each question's. */
static void report_losses(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->modules.count && !s->opts.interactive; i++)
        print_error(rp_module_losses(s->modules.items[i], print_loss, out), out);
}

static void report_blind(const struct rp_session *s, FILE *out) {
    bool blind = false;
    for (size_t i = 0; i < s->modules.count; i++)
        blind |= rp_module_is_blind(s->modules.items[i]);
    if (blind)
        fputs(
            "reprobe: note: the kernel did not allow programs to count what they could not send\n",
            out);
}

static void report_rows(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->streams.count; i++) {
        int errnum = s->streams.items[i]->errnum;
        if (errnum)
            fprintf(out, "reprobe: an iterator's rows end early: %s\n",
                    errnum == E2BIG ? "one is larger than 32 KiB" : strerror(errnum));
    }
}

/* NULL: out of memory. */
static struct rp_losses_told *told_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->told.count; i++)
        if (s->told.items[i].module == module)
            return &s->told.items[i].told;
    struct rp_module_told *added = rp_vec_add(&s->told);
    if (!added)
        return NULL;
    added->module = module;
    return &added->told;
}

void rp_session_forget_told(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->told.count; i++)
        if (s->told.items[i].module == module) {
            rp_vec_clear(&s->told.items[i].told);
            rp_vec_remove(&s->told, i);
            return;
        }
}

void rp_session_clear_told(struct rp_session *s) {
    for (size_t i = 0; i < s->told.count; i++)
        rp_vec_clear(&s->told.items[i].told);
    rp_vec_clear(&s->told);
}

void rp_session_report_so_far(struct rp_session *s, FILE *out) {
    const struct rp_stats *stats = rp_session_stats(s);
    uint64_t lost = stats->lost - stats->refused;
    if (lost > s->told_lost)
        fprintf(out, "reprobe: %llu event%s lost so far: the buffer was full\n",
                (unsigned long long)lost, lost == 1 ? " was" : "s were");
    s->told_lost = lost;
    for (size_t i = 0; i < s->modules.count; i++) {
        const struct rp_module *module = s->modules.items[i];
        struct rp_losses_told *told = told_of(s, module);
        if (told)
            print_error(rp_module_losses_so_far(module, told, print_loss, out), out);
    }
}

void rp_session_report(struct rp_session *s, FILE *out) {
    report_command(s, out);
    report_loss(s, out);
    report_losses(s, out);
    report_blind(s, out);
    report_rows(s, out);
}
