/* SPDX-License-Identifier: Apache-2.0 */
/* Tracepoints: the events that the kernel's authors put there, with named fields. */
#include <bcc/libbpf.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/features.h"
#include "kernel/tracefs.h"
#include "probe/matches.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/nearest.h"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    const char *colon = strchr(rest, ':');
    if (!colon)
        return rp_probe_error(EINVAL, *rest
                                          ? "a tracepoint has two parts, its category and its name"
                                          : "the category is missing");
    /* Categories such as xhci-hcd. */
    RP_TRY(rp_spec_name(rest, (size_t)(colon - rest), "category", "_.$-", &spec->category));
    if (strchr(colon + 1, ':'))
        return rp_probe_error(EINVAL,
                              "too many parts: a tracepoint has two, its category and its name");
    return rp_spec_name(colon + 1, strlen(colon + 1), "tracepoint", "_.$-", &spec->target);
}

/* ------------------------------------------------------------------ resolve */

struct search {
    const struct rp_spec *spec;
    struct rp_nearest names;      /* in the category asked for */
    struct rp_nearest categories; /* if there is no such category */
    char *elsewhere;              /* the first category with exactly that name */
    bool category_exists;
};

static bool search_event(void *ctx, const char *event) {
    struct search *search = ctx;
    const char *colon = strchr(event, ':');
    if (!colon)
        return true;
    RP_AUTO_FREE char *category = strndup(event, (size_t)(colon - event));
    if (!category)
        return false;
    const char *name = colon + 1;
    if (!strcmp(category, search->spec->category)) {
        search->category_exists = true;
        rp_nearest_add(&search->names, name);
    } else {
        rp_nearest_add(&search->categories, category);
        if (!search->elsewhere && !strcmp(name, search->spec->target))
            search->elsewhere = rp_take(category);
    }
    return true;
}

static struct rp_error *hint_nearest(struct rp_error *err, const struct search *search) {
    RP_AUTO_FREE char *names = rp_nearest_text(&search->names, "");
    RP_AUTO_FREE char *categories = rp_nearest_text(&search->categories, "");
    if (search->elsewhere)
        return rp_error_hint_set(err, "did you mean tracepoint:%s:%s?", search->elsewhere,
                                 search->spec->target);
    if (search->category_exists && names)
        return rp_error_hint_set(err, "did you mean %s?", names);
    if (search->category_exists)
        return rp_error_hint_set(err, "reprobe list 'tracepoint:%s:*' shows what there is",
                                 search->spec->category);
    if (categories)
        return rp_error_hint_set(err, "did you mean the category %s?", categories);
    return rp_error_hint_set(err, "reprobe list 'tracepoint:*' shows what there is");
}

static struct rp_error *no_tracepoint(const struct rp_spec *spec) {
    struct search search = {
        .spec = spec, .names = {.wanted = spec->target}, .categories = {.wanted = spec->category}};
    struct rp_error *err = rp_tracefs_each_event(search_event, &search);
    if (!err) {
        if (search.category_exists)
            err = rp_probe_error(ENOENT, "there is no tracepoint %s in the category %s",
                                 spec->target, spec->category);
        else
            err = rp_probe_error(ENOENT, "there is no tracepoint category %s", spec->category);
        hint_nearest(err, &search);
    }
    rp_nearest_clear(&search.names);
    rp_nearest_clear(&search.categories);
    free(search.elsewhere);
    return err;
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const char *root;
    RP_TRY(rp_tracefs_path(&root));
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/events/%s/%s/id", root, spec->category, spec->target);
    if (access(path, R_OK) == 0)
        return NULL;
    if (errno == EACCES || errno == EPERM)
        return rp_kernel_refusal(errno);
    return no_tracepoint(spec);
}

/* ------------------------------------------------------------------ attach */

/* The same errno has other meanings once the event is open and only the program is not taken:
 * perf_event_set_bpf_prog() in the kernel's kernel/events/core.c. */
static struct rp_error *explain(int errnum, bool program_refused) {
    if (program_refused && errnum == EACCES)
        return rp_error_hint_set(
            rp_probe_error(errnum, "the program reads beyond the fields of this tracepoint"),
            "write its arguments for this tracepoint: TRACEPOINT_PROBE(CATEGORY, NAME), or the "
            "struct tracepoint__CATEGORY__NAME");
    if (errnum == E2BIG)
        return rp_error_hint_set(
            rp_probe_error(errnum, "as many programs as the kernel allows are there already"),
            "end other tracers of this tracepoint");
    if (errnum == EPERM || errnum == EACCES)
        return rp_kernel_refusal(errnum);
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct rp_capture capture = rp_capture_begin();
    int fd = bpf_attach_tracepoint(prog_fd, spec->category, spec->target);
    int errnum = errno;
    RP_AUTO_FREE char *said = rp_capture_end(&capture);
    if (fd < 0)
        return explain(errnum, said && strstr(said, "PERF_EVENT_IOC_SET_BPF"));
    return rp_attachment_add(out, fd, NULL);
}

static struct rp_error *list(const char *pattern, bool (*each)(void *ctx, const char *rest),
                             void *ctx) {
    (void)pattern;
    return rp_tracefs_each_event(each, ctx);
}

struct matching {
    const char *pattern, *root; /* where tracefs is */
    struct rp_matches *out;
    struct rp_error *err;
};

/* False where it is no event of perf, or gone. */
static bool read_id(const char *root, const char *event, uint64_t *id) {
    size_t category = strcspn(event, ":");
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/events/%.*s/%s/id", root, (int)category, event,
             event + category + 1);
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    return file && fscanf(file, "%" SCNu64, id) == 1;
}

static bool match_event(void *ctx, const char *event) {
    struct matching *matching = ctx;
    uint64_t id;
    if (fnmatch(matching->pattern, event, 0) == 0 && read_id(matching->root, event, &id))
        matching->err = rp_matches_add(matching->out, event, id);
    return !matching->err;
}

static struct rp_error *match(const char *pattern, struct rp_matches *out) {
    struct matching matching = {.pattern = pattern, .out = out};
    RP_TRY(rp_tracefs_path(&matching.root));
    RP_TRY(rp_tracefs_each_event(match_event, &matching));
    return matching.err;
}

const struct rp_probe_kind rp_tracepoint_kind = {
    .name = "tracepoint",
    .alias = "t",
    .usage = "tracepoint:CATEGORY:NAME",
    .what = "a static event of the kernel, with named fields",
    .prog_type = BPF_PROG_TYPE_TRACEPOINT,
    .parse = parse,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .match = match,
};
