/* SPDX-License-Identifier: Apache-2.0 */
/* A program at its place. */
#include "probe/probe.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/clock.h"

struct rp_probe {
    char *spec;
    struct rp_attachment attachment;
    bool detaching; /* by `detacher`, whose own `attachment` is from then on */
    pthread_t detacher;
};

#define AUTO_SPEC RP_AUTO(rp_spec_clear)

/* ------------------------------------------------------------------ attach */

/* Says of an error of the kind's functions what could not be done. */
static struct rp_error *cannot_attach(struct rp_error *err, const struct rp_spec *spec) {
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    return err && text ? rp_error_what_set(err, "cannot attach %s", text) : err;
}

struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *text,
                                 struct rp_probe **out) {
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    uint64_t start = rp_now_ns();
    RP_TRY(cannot_attach(spec.kind->resolve(&spec), &spec));
    double resolve_ms = rp_ms_since(start);
    int prog_fd;
    RP_TRY(rp_module_load(module, function, spec.kind->prog_type, -1, &prog_fd));

    RP_AUTO_FREE char *full = rp_spec_text(&spec);
    RP_AUTO_FREE struct rp_probe *probe = calloc(1, sizeof(*probe));
    if (!full || !probe)
        return rp_error_nomem();
    start = rp_now_ns();
    RP_TRY(cannot_attach(spec.kind->attach(&spec, prog_fd, &probe->attachment), &spec));
    rp_module_add_attach_ms(module, resolve_ms + rp_ms_since(start));
    probe->spec = rp_take(full);
    *out = rp_take(probe);
    return NULL;
}

struct rp_error *rp_probe_check(const char *text) {
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    struct rp_error *err = spec.kind->resolve(&spec);
    if (!err && spec.kind->refuses)
        err = spec.kind->refuses(&spec);
    return cannot_attach(err, &spec);
}

bool rp_probe_exists(const char *spec) {
    struct rp_error *err = rp_probe_check(spec);
    rp_error_free(err);
    return !err;
}

const char *rp_probe_spec(const struct rp_probe *probe) {
    return probe->spec;
}

/* ------------------------------------------------------------------ detach */

static void *detach(void *ctx) {
    struct rp_attachment *attachment = ctx;
    close(attachment->fd);
    return NULL;
}

/* PERF_EVENT_IOC_DISABLE would not do: the kernel calls a tracepoint's or kprobe's programs whether
 * or not their perf event is enabled. Closing takes the program away first and waits after, so the
 * wait is left to a thread. */
void rp_probe_disable(struct rp_probe *probe) {
    if (probe->detaching || probe->attachment.fd < 0)
        return;
    /* The process's signals are for its other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    probe->detaching = pthread_create(&probe->detacher, NULL, detach, &probe->attachment) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!probe->detaching) {
        detach(&probe->attachment);
        probe->attachment.fd = -1;
    }
}

void rp_probe_free(struct rp_probe *probe) {
    if (!probe)
        return;
    if (probe->detaching)
        pthread_join(probe->detacher, NULL);
    else if (probe->attachment.fd >= 0)
        detach(&probe->attachment);
    if (probe->attachment.event) {
        struct rp_capture capture = rp_capture_begin();
        bpf_detach_kprobe(probe->attachment.event);
        free(rp_capture_end(&capture));
    }
    free(probe->attachment.event);
    free(probe->spec);
    free(probe);
}

/* ------------------------------------------------------------------ list */

struct listing {
    const struct rp_probe_kind *kind;
    const char *glob;
    bool (*each)(void *ctx, const char *spec);
    void *ctx;
    char *spec; /* the last one, to be reused */
    size_t size;
    bool ended; /* `each` said so */
};

/* The spec "KIND:REST" in the listing's own memory; NULL without memory. */
static const char *full_spec(struct listing *listing, const char *rest) {
    const char *kind = listing->kind->name;
    size_t needed = strlen(kind) + 1 + strlen(rest) + 1;
    if (needed > listing->size) {
        char *bigger = realloc(listing->spec, needed * 2);
        if (!bigger)
            return NULL;
        listing->spec = bigger;
        listing->size = needed * 2;
    }
    snprintf(listing->spec, listing->size, "%s:%s", kind, rest);
    return listing->spec;
}

static bool list_one(void *ctx, const char *rest) {
    struct listing *listing = ctx;
    const char *spec = full_spec(listing, rest);
    if (!spec)
        return false;
    const char *glob = listing->glob;
    if (glob && fnmatch(glob, rest, 0) && fnmatch(glob, spec, 0))
        return true;
    listing->ended = !listing->each(listing->ctx, spec);
    return !listing->ended;
}

/* Asked for all kinds, one that this kernel lacks is passed over; only if there is no other does
 * the (last) error count. */
static struct rp_error *list_all(struct listing *listing) {
    struct rp_error *last = NULL;
    bool any = false;
    for (const struct rp_probe_kind *const *kind = rp_probe_kinds; *kind && !listing->ended;
         kind++) {
        listing->kind = *kind;
        rp_error_free(last);
        last = (*kind)->list(list_one, listing);
        any = any || !last;
    }
    if (!any)
        return last;
    rp_error_free(last);
    return NULL;
}

static struct rp_error *list(const char *kind, struct listing *listing) {
    if (!kind)
        return list_all(listing);
    listing->kind = rp_probe_kind_find(kind, strlen(kind));
    return listing->kind ? listing->kind->list(list_one, listing) : rp_probe_kind_unknown(kind);
}

struct rp_error *rp_probe_list(const char *kind, const char *glob,
                               bool (*each)(void *ctx, const char *spec), void *ctx) {
    struct listing listing = {.glob = glob, .each = each, .ctx = ctx};
    struct rp_error *err = list(kind, &listing);
    free(listing.spec);
    return err ? rp_error_what_set(err, "cannot list %s probes", kind ? kind : "any") : NULL;
}
