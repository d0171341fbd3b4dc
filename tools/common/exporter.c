/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/replace.h"
#include "util/text.h"
#include "util/write.h"

#define DEFAULT_WHERE "127.0.0.1:9435"
#define FILE_EVERY_NS 10000000000ULL

enum { KEY_METRICS = 0x1100, KEY_LIMIT };

static const struct argp_option options[] = {
    {"metrics", KEY_METRICS, "ADDR:PORT|FILE", OPTION_ARG_OPTIONAL,
     "Offer counts, sums and histograms as metrics, over HTTP (default: " DEFAULT_WHERE
     ") or in a file",
     2},
    {"metrics-limit", KEY_LIMIT, "N", 0, "Of each map, so many keys at most (default: 1000)", 2},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct rp_exporter_opts *opts = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        opts->size = sizeof(*opts);
        return 0;
    case KEY_METRICS:
        opts->where = arg ? arg : DEFAULT_WHERE;
        return 0;
    case KEY_LIMIT:
        if (!rp_parse_count(arg, 1000000, &opts->limit))
            argp_error(state, "`%s` is not a number of keys", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp rp_exporter_argp = {.options = options, .parser = parse};

struct rp_exporter {
    struct rp_session *session;
    struct rp_exporter_opts opts;
    struct rp_server *server;
    char *file; /* NULL: there is a server */
    bool told;  /* that keys are left out */
    bool failed;
};

/* ------------------------------------------------------------------ what is told */

static struct rp_error *add_own(const struct rp_exporter *e, struct rp_metrics *metrics) {
    const struct rp_stats *stats = rp_session_stats(e->session);
    const char *const version[] = {"version", rp_version(), NULL};
    RP_TRY(rp_metrics_add(metrics, "build_info", RP_METRIC_GAUGE, "The version of reprobe", version,
                          1));
    RP_TRY(rp_metrics_add(metrics, "events", RP_METRIC_COUNTER, "Events that were read", NULL,
                          stats->delivered));
    return rp_metrics_add(
        metrics, "lost_events", RP_METRIC_COUNTER,
        "Events that could not be sent: a buffer was full, or the kernel refused them", NULL,
        stats->lost);
}

static void tell_left_out(struct rp_exporter *e, const struct rp_metrics *metrics) {
    if (e->told || !rp_metrics_left_out(metrics))
        return;
    e->told = true;
    fputs(
        "reprobe: note: a map has more keys than --metrics-limit: those with the smallest numbers "
        "are left out of the metrics (reprobe_left_out_keys says how many)\n",
        stderr);
}

static struct rp_error *gather(void *ctx, bool openmetrics, char **page, size_t *size) {
    struct rp_exporter *e = ctx;
    struct rp_metrics *metrics;
    RP_TRY(rp_metrics_new(&metrics));
    struct rp_error *err = add_own(e, metrics);
    if (!err)
        err = e->opts.collect(e->opts.ctx, metrics);
    FILE *out = err ? NULL : open_memstream(page, size);
    if (!err && !out)
        err = rp_error_nomem();
    if (out) {
        tell_left_out(e, metrics);
        rp_metrics_print(metrics, openmetrics, out);
        fclose(out);
    }
    rp_metrics_free(metrics);
    return err;
}

/* ------------------------------------------------------------------ a file */

/* Its name meanwhile is one that collectors do not read. */
static struct rp_error *replace(const struct rp_exporter *e, const char *page, size_t size) {
    struct rp_replacement file;
    struct rp_error *err = rp_replace_begin(&file, e->file, 0644, false);
    if (!err) {
        if (!rp_write_all(file.fd, page, size))
            err = rp_error_new(errno, NULL, "file");
        err = rp_replace_end(&file, err);
    }
    if (!err)
        return NULL;
    struct rp_error *told =
        rp_error_new(rp_error_errno(err), rp_error_why(err), "cannot write metrics to %s", e->file);
    rp_error_free(err);
    return told;
}

static struct rp_error *write_file(struct rp_exporter *e) {
    RP_AUTO_FREE char *page = NULL;
    size_t size;
    RP_TRY(gather(e, false, &page, &size));
    return page ? replace(e, page, size) : rp_error_nomem();
}

/* Goes on: the next may be written. Says so once in a row. */
static bool on_time(void *ctx) {
    struct rp_exporter *e = ctx;
    struct rp_error *err = write_file(e);
    if (err && !e->failed)
        rp_error_print(err, stderr);
    e->failed = err != NULL;
    rp_error_free(err);
    return true;
}

static struct rp_error *open_file(struct rp_exporter *e) {
    e->file = strdup(e->opts.where);
    if (!e->file)
        return rp_error_nomem();
    RP_TRY(write_file(e));
    return rp_session_every(e->session, FILE_EVERY_NS, on_time, e);
}

/* ------------------------------------------------------------------ either */

static bool is_file(const char *where) {
    size_t length = strlen(where);
    return strchr(where, '/') || (length > 5 && strcmp(where + length - 5, ".prom") == 0);
}

static struct rp_error *open_server(struct rp_exporter *e) {
    RP_AUTO_FREE char *url = NULL;
    RP_TRY(rp_server_open(e->session, e->opts.where, gather, e, &e->server, &url));
    fprintf(stderr, "reprobe: metrics are at %s\n", url ? url : e->opts.where);
    return NULL;
}

struct rp_error *rp_exporter_open(struct rp_session *session, const struct rp_exporter_opts *given,
                                  struct rp_exporter **out) {
    struct rp_exporter_opts opts;
    *out = NULL;
    RP_TRY(rp_opts_read(&opts, sizeof(opts), given, "rp_exporter_opts"));
    if (!opts.where)
        return NULL;
    struct rp_exporter *e = calloc(1, sizeof(*e));
    if (!e)
        return rp_error_nomem();
    *e = (struct rp_exporter){.session = session, .opts = opts};
    struct rp_error *err = is_file(opts.where) ? open_file(e) : open_server(e);
    if (!err) {
        *out = e;
        return NULL;
    }
    free(e->file);
    free(e);
    return err;
}

void rp_exporter_close(struct rp_exporter *e) {
    if (!e)
        return;
    if (e->file)
        on_time(e);
    rp_server_close(e->server);
    free(e->file);
    free(e);
}
