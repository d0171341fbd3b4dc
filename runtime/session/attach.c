/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a module that say themselves where they are attached. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "probe/kind.h"
#include "session/session.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/vec.h"

struct rp_error *rp_session_attach_named(struct rp_session *s, struct rp_module *module,
                                         size_t *count) {
    size_t attached = 0;
    for (size_t i = 0; i < rp_module_function_count(module); i++) {
        const char *function = rp_module_function_name(module, i);
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (!spec)
            continue;
        RP_TRY(rp_session_attach(s, module, function, spec, NULL));
        attached++;
    }
    if (count)
        *count = attached;
    return NULL;
}

/* ------------------------------------------------------------- sections */

/* A function, and where it is to be attached. */
struct placed {
    const char *function; /* the module's */
    char *spec;
    bool asked;    /* by the user */
    bool attached; /* it is there */
};

/* A function that is not attached. */
struct left {
    const char *function;
    struct rp_error *why;
};

struct placing {
    struct rp_session *session;
    struct rp_module *module;
    RP_VEC(struct placed) list;
    struct rp_attach_opts opts;
    RP_VEC(struct left) left;
    const char *skipped; /* one that nobody asked for, and that wants to be; or NULL */
    size_t attached;
};

static void placing_clear(struct placing *p) {
    for (size_t i = 0; i < p->list.count; i++)
        free(p->list.items[i].spec);
    for (size_t i = 0; i < p->left.count; i++)
        rp_error_free(p->left.items[i].why);
    rp_vec_clear(&p->list);
    rp_vec_clear(&p->left);
}

/* Takes `why`. */
static struct rp_error *leave_out(struct placing *p, const char *function, struct rp_error *why) {
    if (rp_vec_push(&p->left, ((struct left){.function = function, .why = why})))
        return NULL;
    rp_error_free(why);
    return rp_error_nomem();
}

/* Takes `spec`. */
static struct rp_error *add(struct placing *p, const char *function, char *spec, bool asked) {
    if (rp_vec_push(&p->list,
                    ((struct placed){.function = function, .spec = spec, .asked = asked})))
        return NULL;
    free(spec);
    return rp_error_nomem();
}

/* The module's own text of the name; NULL: it has no such function. */
static const char *find_function(const struct rp_module *module, const char *name, size_t length) {
    for (size_t i = 0; i < rp_module_function_count(module); i++) {
        const char *function = rp_module_function_name(module, i);
        if (strlen(function) == length && !strncmp(function, name, length))
            return function;
    }
    return NULL;
}

/* "FUNCTION=SPEC" */
static struct rp_error *add_asked(struct placing *p, const char *text) {
    size_t length = strcspn(text, "=");
    const char *function = find_function(p->module, text, length);
    RP_AUTO_FREE char *name = strndup(text, length), *spec = NULL;
    if (!name)
        return rp_error_nomem();
    if (!text[length] || !function)
        return rp_error_new(ENOENT, "the object has no such function", "cannot attach %s", name);
    spec = strdup(text + length + 1);
    return spec ? add(p, function, rp_take(spec), true) : rp_error_nomem();
}

static bool is_asked(const struct placing *p, const char *function) {
    for (size_t i = 0; i < p->list.count; i++)
        if (p->list.items[i].asked && strcmp(p->list.items[i].function, function) == 0)
            return true;
    return false;
}

static struct rp_error *no_place(const struct rp_module *module, const char *function) {
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why, "its section %s does not say where", rp_module_section(module, function)) <
        0)
        return rp_error_nomem();
    return rp_error_hint_set(rp_error_new(ENOENT, why, "cannot attach %s", function),
                             "%s=PROBE (--attach, load) says it: uprobe:PATH:FUNCTION, …",
                             function);
}

static struct rp_error *add_named(struct placing *p) {
    for (size_t i = 0; i < rp_module_function_count(p->module); i++) {
        const char *function = rp_module_function_name(p->module, i);
        char *spec = NULL;
        if (is_asked(p, function))
            continue;
        bool is_optional = rp_module_is_optional(p->module, function);
        p->skipped = is_optional ? function : p->skipped;
        if (is_optional || rp_module_is_tail(p->module, function))
            continue;
        struct rp_error *err = rp_module_probe_spec(p->module, function, p->opts.interface,
                                                    p->session->target.cgroup, &spec);
        if (!err && !spec)
            err = no_place(p->module, function);
        RP_TRY(err ? leave_out(p, function, err) : add(p, function, spec, false));
    }
    return NULL;
}

/* ---- twins: authors write one for each way that a kernel may have */

static bool same_event(const char *a, const char *b) {
    RP_AUTO(rp_spec_clear) struct rp_spec first = {0}, second = {0};
    struct rp_error *err = rp_spec_parse(a, &first);
    if (!err)
        err = rp_spec_parse(b, &second);
    rp_error_free(err);
    return !err && rp_spec_is_same_event(&first, &second);
}

static const struct placed *find_twin(const struct placing *p, const struct placed *placed) {
    for (size_t i = 0; i < p->list.count; i++) {
        const struct placed *other = &p->list.items[i];
        if (other->attached && same_event(other->spec, placed->spec))
            return other;
    }
    return NULL;
}

static struct rp_error *is_twin(const struct placed *placed, const struct placed *twin) {
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why, "%s sees the same, by %s", twin->function, twin->spec) < 0)
        return rp_error_nomem();
    return rp_error_hint_set(rp_error_new(EEXIST, why, "cannot attach %s twice", placed->spec),
                             "%s=%s (--attach, load) attaches it, too", placed->function,
                             placed->spec);
}

/* ---- one after another */

/* Of twins the one with typed arguments, which is loaded for its attach point, comes first. */
static bool is_typed(const char *spec) {
    const struct rp_probe_kind *kind = rp_probe_kind_find(spec, strcspn(spec, ":"));
    return kind && kind->attach_type;
}

static struct rp_error *attach_one(struct placing *p, struct placed *placed) {
    const struct placed *twin = placed->asked ? NULL : find_twin(p, placed);
    struct rp_probe *probe = NULL;
    struct rp_error *err =
        twin ? is_twin(placed, twin)
             : rp_session_attach(p->session, p->module, placed->function, placed->spec, &probe);
    if (err)
        return leave_out(p, placed->function, err);
    placed->attached = true;
    p->attached++;
    return p->opts.attached ? p->opts.attached(p->opts.ctx, probe) : NULL;
}

static struct rp_error *attach_all(struct placing *p) {
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < p->list.count; i++)
            if (is_typed(p->list.items[i].spec) == (pass == 0))
                RP_TRY(attach_one(p, &p->list.items[i]));
    return NULL;
}

/* One that the user named, or the first. */
static const struct left *worst(const struct placing *p) {
    for (size_t i = 0; i < p->left.count; i++)
        if (is_asked(p, p->left.items[i].function))
            return &p->left.items[i];
    return &p->left.items[0];
}

static struct rp_error *nothing_to_attach(void) {
    return rp_error_hint_set(
        rp_error_new(ENOENT, "none of its functions is in a section that says where",
                     "nothing to attach"),
        "write SEC(\"KIND/NAME\") in front of one, such as SEC(\"kprobe/vfs_read\")");
}

static struct rp_error *only_optional(const struct placing *p) {
    return rp_error_hint_set(
        rp_error_new(ENOENT,
                     "its functions are in sections that begin with ?, for those who ask for them",
                     "nothing to attach"),
        "%s=PROBE (--attach, load) attaches one", p->skipped);
}

/* Of one that is left out alone nothing more can be said than why. */
static struct rp_error *tell_left_out(struct placing *p) {
    if (!p->attached && !p->left.count)
        return p->skipped ? only_optional(p) : nothing_to_attach();
    if (!p->attached && p->left.count == 1)
        return rp_take(p->left.items[0].why);
    for (size_t i = 0; p->opts.left_out && i < p->left.count; i++)
        p->opts.left_out(p->opts.ctx, p->left.items[i].function, p->left.items[i].why);
    if (p->attached)
        return NULL;
    RP_AUTO_FREE char *why = NULL;
    const struct left *first = worst(p);
    if (asprintf(&why, "none of its %zu functions can be attached, such as %s: %s", p->left.count,
                 first->function, rp_error_why(first->why)) < 0)
        return rp_error_nomem();
    struct rp_error *err = rp_error_new(ENOTSUP, why, "cannot attach the program");
    const char *hint = rp_error_hint(first->why);
    return hint ? rp_error_hint_set(err, "%s", hint) : err;
}

struct rp_error *rp_session_attach_sections(struct rp_session *s, struct rp_module *module,
                                            const struct rp_attach_opts *opts, size_t *count) {
    RP_AUTO(placing_clear) struct placing p = {.session = s, .module = module};
    RP_TRY(rp_opts_read(&p.opts, sizeof(p.opts), opts, "rp_attach_opts"));
    for (size_t i = 0; i < p.opts.attach_count; i++)
        RP_TRY(add_asked(&p, p.opts.attach[i]));
    RP_TRY(add_named(&p));
    RP_TRY(attach_all(&p));
    RP_TRY(tell_left_out(&p));
    if (count)
        *count = p.attached;
    return NULL;
}
