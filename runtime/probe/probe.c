/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: a program at its attach point. */
#include "probe/probe.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "probe/binary.h"
#include "probe/fields.h"
#include "probe/instance.h"
#include "util/cleanup.h"

#define AUTO_SPEC RP_AUTO(rp_spec_clear)

struct run_stats {
    uint64_t runs, ns;
};

struct rp_probe {
    struct rp_module *module;
    char *function;
    pid_t pid; /* as in struct rp_spec */
    struct rp_instance *instance;
    bool paused;
    struct run_stats ran;    /* counted by earlier instances, and until it was paused */
    struct run_stats before; /* the runs of this instance's program before it was ours */
};

/* ------------------------------------------------------------------ attach */

/* Zero for a program without statistics in the kernel. */
static struct run_stats program_stats(const struct rp_instance *instance) {
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(instance->program->fd, &info, &size))
        return (struct run_stats){0};
    return (struct run_stats){.runs = info.run_cnt, .ns = info.run_time_ns};
}

/* A program behind a closed gate also runs, but does nothing: that does not count. */
static struct run_stats runs_so_far(const struct rp_probe *probe) {
    if (probe->paused)
        return probe->ran;
    struct run_stats now = program_stats(probe->instance);
    return (struct run_stats){.runs = probe->ran.runs + now.runs - probe->before.runs,
                              .ns = probe->ran.ns + now.ns - probe->before.ns};
}

/* A library is loaded by any program, and later. */
static bool is_library(const char *path) {
    const char *slash = strrchr(path, '/');
    return strstr(slash ? slash : path, ".so");
}

enum rp_tasks rp_probe_tasks(const char *text, char **program) {
    if (rp_probe_is_pattern(text))
        return RP_TASKS_ALL;
    AUTO_SPEC struct rp_spec spec = {0};
    struct rp_error *err = rp_spec_parse(text, &spec);
    enum rp_tasks tasks = err || !spec.kind->tasks ? RP_TASKS_ALL : spec.kind->tasks(&spec);
    RP_AUTO_FREE char *found = NULL;
    if (tasks == RP_TASKS_PROGRAM && spec.path)
        err = rp_binary_find(spec.path, &found);
    rp_error_free(err);
    if (found && !is_library(found))
        *program = realpath(found, NULL);
    return tasks;
}

/* Whether the function can be read as what it was written for. */
static struct rp_error *check_place(const struct rp_module *module, const char *function,
                                    const char *spec) {
    RP_AUTO_FREE char *own = NULL;
    struct rp_error *err = rp_module_probe_spec(module, function, NULL, NULL, &own);
    rp_error_free(err); /* it says nowhere, or nowhere that is here */
    err = rp_probe_check_context(module, function, own, spec);
    return err ? rp_error_what_set(err, "cannot attach %s to %s", function, spec) : NULL;
}

struct rp_error *rp_probe_attach_in(struct rp_module *module, const char *function,
                                    const char *spec, pid_t pid, struct rp_probe **out) {
    RP_TRY(check_place(module, function, spec));
    struct rp_probe *probe = calloc(1, sizeof(*probe));
    if (!probe || !(probe->function = strdup(function))) {
        free(probe);
        return rp_error_nomem();
    }
    probe->module = module;
    probe->pid = pid;
    struct rp_error *err = rp_instance_new(module, function, spec, pid, &probe->instance);
    if (err) {
        rp_probe_free(probe);
        return err;
    }
    probe->before = program_stats(probe->instance);
    rp_instance_start(probe->instance);
    *out = probe;
    return NULL;
}

struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *spec,
                                 struct rp_probe **out) {
    return rp_probe_attach_in(module, function, spec, 0, out);
}

struct rp_error *rp_probe_check(const char *text) {
    if (rp_probe_is_pattern(text)) {
        size_t count;
        bool at_once;
        return rp_probe_count(text, &count, &at_once);
    }
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    return rp_spec_check(&spec);
}

struct rp_error *rp_module_probe_spec(const struct rp_module *module, const char *function,
                                      const char *interface, const char *cgroup, char **spec) {
    const struct rp_section where = {.interface = interface, .cgroup = cgroup};
    const char *section = rp_module_section(module, function);
    *spec = section ? NULL : rp_probe_spec_of_function(function);
    struct rp_error *err = section ? rp_spec_of_section(section, &where, spec) : NULL;
    return err ? rp_error_what_set(err, "cannot attach %s", function) : NULL;
}

bool rp_probe_exists(const char *spec) {
    struct rp_error *err = rp_probe_check(spec);
    rp_error_free(err);
    return !err;
}

const char *rp_probe_effect(const char *text) {
    const struct rp_probe_kind *kind = rp_probe_kind_find(text, strcspn(text, ":"));
    return kind ? kind->decides : NULL;
}

char *rp_probe_risk(const char *text) {
    size_t length = strcspn(text, ":");
    const struct rp_probe_kind *kind = rp_probe_kind_find(text, length);
    return kind && kind->risk && text[length] ? kind->risk(text + length + 1) : NULL;
}

char *rp_probe_suggest(const char *text) {
    struct rp_spec spec;
    struct rp_error *err = rp_spec_parse(text, &spec);
    char *instead = err || !spec.kind->suggest ? NULL : spec.kind->suggest(&spec);
    rp_error_free(err);
    rp_spec_clear(&spec);
    return instead;
}

const char *rp_probe_spec(const struct rp_probe *probe) {
    return probe->instance->spec;
}

size_t rp_probe_match_count(const struct rp_probe *probe) {
    const struct rp_matches *matches = &probe->instance->matches;
    return matches->kind ? matches->count : 1;
}

size_t rp_probe_left_out(const struct rp_probe *probe) {
    return probe->instance->matches.left_out;
}

const char *rp_probe_match(const struct rp_probe *probe, size_t i) {
    if (i >= rp_probe_match_count(probe))
        return NULL;
    const struct rp_matches *matches = &probe->instance->matches;
    return matches->kind ? matches->items[i].spec : probe->instance->spec;
}

int rp_probe_program(const struct rp_probe *probe) {
    return probe->instance->program->fd;
}

const char *rp_probe_function(const struct rp_probe *probe) {
    return probe->function;
}

struct rp_module *rp_probe_module(const struct rp_probe *probe) {
    return probe->module;
}

bool rp_probe_is_paused(const struct rp_probe *probe) {
    return probe->paused;
}

struct rp_error *rp_probe_open_rows(const struct rp_probe *probe, int *fd) {
    const struct rp_instance *instance = probe->instance;
    *fd = -1;
    if (!instance->kind->open)
        return NULL;
    struct rp_error *err = instance->kind->open(&instance->attachment, fd);
    return err ? rp_error_what_set(err, "cannot read %s", rp_probe_spec(probe)) : NULL;
}

/* ------------------------------------------------------------------ detach */

void rp_probe_disable(struct rp_probe *probe) {
    rp_instance_disable(probe->instance);
}

void rp_probe_detach(struct rp_probe *probe) {
    rp_instance_detach(probe->instance);
}

void rp_probe_free(struct rp_probe *probe) {
    if (!probe)
        return;
    rp_instance_free(probe->instance);
    free(probe->function);
    free(probe);
}

void rp_probe_leave(struct rp_probe *probe) {
    rp_instance_stop(probe->instance);
    rp_instance_leave(rp_take(probe->instance));
    rp_probe_free(probe);
}

/* ------------------------------------------------------------------ move, pause */

/* Makes `instance` the probe's instance; events come from there unless it is paused. */
static void go_to(struct rp_probe *probe, struct rp_instance *instance) {
    struct rp_instance *old = probe->instance;
    struct run_stats before = program_stats(instance);
    if (!probe->paused)
        rp_instance_start(instance);
    rp_instance_stop(old);
    probe->ran = runs_so_far(probe);
    probe->before = before;
    probe->instance = instance;
    rp_instance_leave(old);
}

static struct rp_error *no_move(const struct rp_probe *probe, const char *to, const char *why,
                                const char *hint) {
    return rp_error_hint_set(
        rp_error_new(EINVAL, why, "cannot move %s to %s", rp_probe_spec(probe), to), "%s", hint);
}

/* For a well-formed spec or a pattern. */
static struct rp_error *kind_of(const char *text, const struct rp_probe_kind **out) {
    if (rp_probe_is_pattern(text)) {
        struct rp_error *err = rp_pattern_kind(text, out);
        return err ? rp_error_what_set(err, "cannot attach %.100s", text) : NULL;
    }
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    *out = spec.kind;
    return NULL;
}

static struct rp_error *check_move(const struct rp_probe *probe, const char *text) {
    const struct rp_probe_kind *kind = probe->instance->kind, *to;
    RP_TRY(kind_of(text, &to));
    if (kind->prog_type != to->prog_type)
        return no_move(probe, text, "the two kinds of probe need different types of programs",
                       "attach a program that is written for that probe");
    if (kind->cannot_move)
        return no_move(probe, text, kind->cannot_move, "compile it for that probe");
    return NULL;
}

struct rp_error *rp_probe_move(struct rp_probe *probe, const char *spec) {
    if (strcmp(spec, probe->instance->asked) == 0)
        return NULL;
    struct rp_instance *instance;
    RP_TRY(check_move(probe, spec));
    struct rp_error *err =
        rp_probe_check_context(probe->module, probe->function, probe->instance->asked, spec);
    if (err)
        return rp_error_what_set(err, "cannot move it to %s", spec);
    RP_TRY(rp_instance_new(probe->module, probe->function, spec, probe->pid, &instance));
    if (probe->paused && !rp_instance_has_gate(instance))
        rp_instance_stop(instance);
    go_to(probe, instance);
    return NULL;
}

struct rp_error *rp_probe_pause(struct rp_probe *probe) {
    rp_instance_stop(probe->instance);
    probe->ran = runs_so_far(probe);
    probe->paused = true;
    return NULL;
}

struct rp_error *rp_probe_resume(struct rp_probe *probe) {
    if (!probe->paused)
        return NULL;
    if (!rp_instance_has_gate(probe->instance)) { /* it was detached */
        struct rp_instance *instance;
        RP_TRY(rp_instance_new(probe->module, probe->function, probe->instance->asked, probe->pid,
                               &instance));
        go_to(probe, instance);
    }
    probe->before = program_stats(probe->instance);
    probe->paused = false;
    rp_instance_start(probe->instance);
    return NULL;
}

/* ------------------------------------------------------------------ how often it runs */

struct rp_error *rp_run_stats_enable(int *fd) {
    *fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
    return *fd < 0 ? rp_error_new(errno, NULL, "cannot count how often programs run") : NULL;
}

void rp_run_stats(const struct rp_probe *probe, uint64_t *runs, uint64_t *ns) {
    struct run_stats stats = runs_so_far(probe);
    *runs = stats.runs;
    *ns = stats.ns;
}

/* ------------------------------------------------------------------ list */

struct listing {
    const struct rp_probe_kind *kind;
    const char *glob;
    bool (*each)(void *ctx, const char *spec);
    void *ctx;
    RP_VEC(char) spec; /* the last one, in memory that is reused */
    bool any;          /* `each` was called */
    bool ended;        /* it returned false */
    bool nomem;
};

/* The spec "KIND:REST" in the listing's own memory; NULL: out of memory. */
static const char *full_spec(struct listing *listing, const char *rest) {
    const char *kind = listing->kind->name;
    listing->spec.count = 0;
    listing->nomem = !rp_vec_append(&listing->spec, kind, strlen(kind)) ||
                     !rp_vec_push(&listing->spec, ':') ||
                     !rp_vec_append(&listing->spec, rest, strlen(rest) + 1);
    return listing->nomem ? NULL : listing->spec.items;
}

static bool list_one(void *ctx, const char *rest) {
    struct listing *listing = ctx;
    const char *spec = full_spec(listing, rest);
    if (!spec)
        return false;
    const char *glob = listing->glob;
    if (glob && fnmatch(glob, rest, 0) && fnmatch(glob, spec, 0))
        return true;
    listing->any = true;
    listing->ended = !listing->each(listing->ctx, spec);
    return !listing->ended;
}

static struct rp_error *list_kind(struct listing *listing, const char *pattern) {
    const struct rp_probe_kind *kind = listing->kind;
    if (kind->list)
        return kind->list(kind, pattern, list_one, listing);
    return rp_error_hint_set(rp_probe_error(EINVAL, "they have no list: any number makes one"),
                             "write one: %s", kind->usage);
}

/* Whether this user may not see them. Kernels say EPERM of what they lack, too. */
static bool is_refusal(const struct rp_error *err) {
    if (!err || rp_error_errno(err) != EPERM)
        return err && rp_error_errno(err) == EACCES;
    struct rp_error *unusable = rp_kernel_usable();
    rp_error_free(unusable);
    return unusable != NULL;
}

/* When listing all kinds, skips kinds that this kernel lacks or that need more to be listed; the
 * (last) error counts only if no kind was listed, or if nothing matches and this user may not see
 * all. */
static struct rp_error *list_all(struct listing *listing) {
    struct rp_error *last = NULL, *refused = NULL;
    bool any = false;
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)) && !listing->ended; i++) {
        if (kind->in_files || !kind->list)
            continue;
        listing->kind = kind;
        struct rp_error *err = list_kind(listing, listing->glob);
        any = any || !err;
        struct rp_error **kept = is_refusal(err) && !refused ? &refused : &last;
        rp_error_free(*kept);
        *kept = err;
    }
    bool hidden = refused && !listing->any;
    if (hidden || (!any && !last))
        last = (rp_error_free(last), rp_take(refused));
    rp_error_free(refused);
    if (!any || hidden)
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
    if (!listing->kind && listing->glob && rp_spec_begins_with_file(listing->glob))
        listing->kind = &rp_uprobe_kind;
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
    rp_vec_clear(&listing.spec);
    if (!err && listing.nomem)
        err = rp_error_nomem();
    if (!kind && listing.kind && kind_of_pattern(glob))
        kind = listing.kind->name;
    return err ? rp_error_what_set(err, "cannot list %s probes", kind ? kind : "any") : NULL;
}
