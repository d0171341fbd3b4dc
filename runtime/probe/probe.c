/* SPDX-License-Identifier: Apache-2.0 */
/* A program at its place. */
#include "probe/probe.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "util/cleanup.h"
#include "util/clock.h"

struct rp_attached {
    int fd;
    char *event;
    bool detaching; /* by `detacher`, who has `fd` from then on */
    pthread_t detacher;
};

struct rp_probe {
    char *spec;
    struct rp_attachment attachment;
};

#define AUTO_SPEC RP_AUTO(rp_spec_clear)

/* ------------------------------------------------------------------ attach */

/* Says of an error of the kind's functions what could not be done. */
static struct rp_error *cannot_attach(struct rp_error *err, const struct rp_spec *spec) {
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    return err && text ? rp_error_what_set(err, "cannot attach %s", text) : err;
}

struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event) {
    struct rp_attached *places =
        realloc(attachment->places, (attachment->count + 1) * sizeof(*places));
    if (!places) {
        close(fd);
        free(event);
        return rp_error_nomem();
    }
    attachment->places = places;
    places[attachment->count++] = (struct rp_attached){.fd = fd, .event = event};
    return NULL;
}

/* The kernel may say no to any program at the place, and more plainly than of this one. */
static struct rp_error *load(struct rp_module *module, const char *function,
                             const struct rp_spec *spec, int *prog_fd) {
    const struct rp_probe_kind *kind = spec->kind;
    struct rp_program_kind program = {.type = kind->prog_type, .attach_type = kind->attach_type};
    if (kind->attach_type)
        program.attach_btf = (uint32_t)spec->number;
    struct rp_error *err = rp_module_load(module, function, &program, prog_fd);
    struct rp_error *refusal =
        err && kind->attach_type && kind->refuses ? kind->refuses(spec) : NULL;
    if (!refusal)
        return err;
    rp_error_free(err);
    return cannot_attach(refusal, spec);
}

struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *text,
                                 struct rp_probe **out) {
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    uint64_t start = rp_now_ns();
    RP_TRY(cannot_attach(spec.kind->resolve(&spec), &spec));
    double resolve_ms = rp_ms_since(start);
    int prog_fd;
    RP_TRY(load(module, function, &spec, &prog_fd));

    struct rp_probe *probe = calloc(1, sizeof(*probe));
    if (!probe || !(probe->spec = rp_spec_text(&spec))) {
        free(probe);
        return rp_error_nomem();
    }
    start = rp_now_ns();
    struct rp_error *err = spec.kind->attach(&spec, prog_fd, &probe->attachment);
    if (err) {
        rp_probe_free(probe);
        return cannot_attach(err, &spec);
    }
    rp_module_add_attach_ms(module, resolve_ms + rp_ms_since(start));
    *out = probe;
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
    struct rp_attached *place = ctx;
    close(place->fd);
    place->fd = -1;
    return NULL;
}

/* PERF_EVENT_IOC_DISABLE would not do: the kernel calls a tracepoint's or kprobe's programs whether
 * or not their perf event is enabled. Closing takes the program away first and waits after, so the
 * wait is left to a thread; to one a place, so that they wait together. */
void rp_probe_disable(struct rp_probe *probe) {
    /* The process's signals are for its other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < probe->attachment.count; i++) {
        struct rp_attached *place = &probe->attachment.places[i];
        if (!place->detaching && place->fd >= 0)
            place->detaching = pthread_create(&place->detacher, NULL, detach, place) == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < probe->attachment.count; i++)
        if (!probe->attachment.places[i].detaching && probe->attachment.places[i].fd >= 0)
            detach(&probe->attachment.places[i]);
}

static void end_place(struct rp_attached *place) {
    if (place->detaching)
        pthread_join(place->detacher, NULL);
    else if (place->fd >= 0)
        detach(place);
    if (place->event)
        rp_breakpoint_delete(place->event);
    free(place->event);
}

void rp_probe_free(struct rp_probe *probe) {
    if (!probe)
        return;
    for (size_t i = 0; i < probe->attachment.count; i++)
        end_place(&probe->attachment.places[i]);
    free(probe->attachment.places);
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

static struct rp_error *list_kind(struct listing *listing, const char *pattern) {
    const struct rp_probe_kind *kind = listing->kind;
    if (kind->list)
        return kind->list(pattern, list_one, listing);
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "these are not places, but as many as there are numbers"),
        "write one: %s", kind->usage);
}

/* Asked for all kinds, one that this kernel lacks is passed over, and so are those that cannot be
 * listed without knowing more; only if there is no other does the (last) error count. */
static struct rp_error *list_all(struct listing *listing) {
    struct rp_error *last = NULL;
    bool any = false;
    for (const struct rp_probe_kind *const *kind = rp_probe_kinds; *kind && !listing->ended;
         kind++) {
        if ((*kind)->in_files || !(*kind)->list)
            continue;
        listing->kind = *kind;
        rp_error_free(last);
        last = list_kind(listing, listing->glob);
        any = any || !last;
    }
    if (!any)
        return last;
    rp_error_free(last);
    return NULL;
}

/* The kind that a pattern begins with, or is ("uprobe:bash:*", "uprobe"); or NULL. */
static const struct rp_probe_kind *kind_of_pattern(const char *glob) {
    return glob ? rp_probe_kind_find(glob, strcspn(glob, ":")) : NULL;
}

static struct rp_error *list(const char *name, struct listing *listing) {
    const struct rp_probe_kind *named = kind_of_pattern(listing->glob);
    listing->kind = name ? rp_probe_kind_find(name, strlen(name)) : named;
    if (name && !listing->kind)
        return rp_probe_kind_unknown(name);
    if (!listing->kind)
        return list_all(listing);
    if (listing->kind == named) {
        const char *colon = strchr(listing->glob, ':');
        listing->glob = colon ? colon + 1 : NULL;
    }
    return list_kind(listing, listing->glob);
}

struct rp_error *rp_probe_list(const char *kind, const char *glob,
                               bool (*each)(void *ctx, const char *spec), void *ctx) {
    struct listing listing = {.glob = glob, .each = each, .ctx = ctx};
    struct rp_error *err = list(kind, &listing);
    free(listing.spec);
    if (!kind && listing.kind && kind_of_pattern(glob))
        kind = listing.kind->name;
    return err ? rp_error_what_set(err, "cannot list %s probes", kind ? kind : "any") : NULL;
}
