/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe's spec can go on with. Long lists are read when first asked for, and kept sorted. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/binary.h"
#include "probe/probe.h"
#include "query/complete/index.h"
#include "reprobe_query.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* What is typed: "KIND:" and more, or a word of its own. */
struct completion {
    const char *before; /* what stands before the words that are looked at: "kprobe:" */
    size_t before_len;
    const char *after; /* what follows each: ":", "" */
    const char *what;
    rp_completion_fn each;
    void *ctx;
};

static void offer(void *ctx, const char *word) {
    const struct completion *completion = ctx;
    RP_AUTO_FREE char *text = NULL;
    if (asprintf(&text, "%.*s%s%s", (int)completion->before_len, completion->before, word,
                 completion->after) >= 0)
        completion->each(completion->ctx, text, completion->what);
}

static bool begins(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ------------------------------------------------------------- what is kept */

/* A list that loading or unloading a module changes. */
struct saved {
    struct rp_index index;
    size_t modules; /* how many were loaded when it was read, and 1 */
};

static struct saved functions, tracepoints;

static size_t count_modules(void) {
    size_t count = 1;
    RP_AUTO_CLOSEDIR DIR *dir = opendir("/sys/module");
    while (dir && readdir(dir))
        count++;
    return count;
}

/* Whether the list is to be read, being empty now. */
static bool is_stale(struct saved *saved) {
    size_t modules = count_modules();
    if (saved->modules == modules)
        return false;
    rp_index_clear(&saved->index);
    saved->modules = modules;
    return true;
}

/* ------------------------------------------------------------- functions of the kernel */

static void add_functions(const struct rp_btf *btf) {
    for (uint32_t id = btf->first_id; id < btf->end_id; id++) {
        const struct btf_type *type = rp_btf_type(btf, id);
        if (btf_is_func(type))
            rp_index_add(&functions.index, rp_btf_name(btf, type));
    }
}

static bool add_symbol(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)ctx;
    (void)module;
    (void)address;
    return rp_index_add(&functions.index, name);
}

/* From BTF, which takes a tenth of the time of the kernel's text lists. A few of these functions
 * cannot be probed; who attaches to one is told. */
static void complete_function(struct completion *completion, const char *prefix) {
    if (is_stale(&functions)) {
        const struct rp_btf *btf = rp_kernel_types_or_null();
        struct rp_btf *modules = rp_kernel_module_types();
        if (btf)
            add_functions(btf);
        else
            rp_error_free(rp_ksyms_each(add_symbol, NULL));
        for (const struct rp_btf *module = modules; module; module = module->next)
            add_functions(module);
        rp_btf_free(modules);
    }
    completion->what = "function";
    rp_index_each(&functions.index, prefix, offer, completion);
}

/* Loading a program for a trial is the only way to know. */
static bool has_fentry(void) {
    static enum { UNKNOWN, ABSENT, PRESENT } seen;
    if (seen == UNKNOWN)
        seen = rp_probe_exists("fentry:" RP_KERNEL_TEST_FUNCTION) ? PRESENT : ABSENT;
    return seen == PRESENT;
}

static bool is_of_functions(const struct rp_probe_kind *kind) {
    return kind == &rp_kprobe_kind || kind == &rp_kretprobe_kind || kind == &rp_fentry_kind ||
           kind == &rp_fexit_kind;
}

static bool has_kind(const struct rp_probe_kind *kind) {
    return kind->attach_type ? has_fentry() : rp_kernel_has_kprobes();
}

/* ------------------------------------------------------------- tracepoints */

static bool add_event(void *ctx, const char *event) {
    return rp_index_add(ctx, event);
}

static void read_tracepoints(void) {
    if (is_stale(&tracepoints))
        rp_error_free(rp_tracefs_each_event(add_event, &tracepoints.index));
}

/* The categories of events that come in order. */
struct categories {
    struct completion *completion;
    char last[64];
};

static void offer_category(void *ctx, const char *event) {
    struct categories *categories = ctx;
    char category[sizeof(categories->last)];
    snprintf(category, sizeof(category), "%.*s", (int)strcspn(event, ":"), event);
    if (strcmp(category, categories->last) == 0)
        return;
    memcpy(categories->last, category, sizeof(category));
    offer(categories->completion, category);
}

static void complete_tracepoint(struct completion *completion, const char *prefix) {
    read_tracepoints();
    completion->what = "tracepoint";
    if (strchr(prefix, ':')) {
        rp_index_each(&tracepoints.index, prefix, offer, completion);
        return;
    }
    struct categories categories = {.completion = completion};
    completion->what = "tracepoints";
    completion->after = ":";
    rp_index_each(&tracepoints.index, prefix, offer_category, &categories);
    completion->after = "";
}

struct names {
    const struct completion *completion;
    const char *prefix;
};

static void offer_name(void *ctx, const char *event) {
    const struct names *names = ctx;
    const char *colon = strchr(event, ':');
    if (!colon || !begins(colon + 1, names->prefix))
        return;
    names->completion->each(names->completion->ctx, colon + 1, event);
}

/* "sched_switch", which says enough by itself. */
static void complete_tracepoint_name(const struct completion *completion, const char *prefix) {
    struct names names = {completion, prefix};
    read_tracepoints();
    rp_index_each(&tracepoints.index, "", offer_name, &names);
}

/* ------------------------------------------------------------- files */

static bool can_hold_probes(const char *path, const char *name) {
    return access(path, X_OK) == 0 || strstr(name, ".so");
}

static void offer_file(struct completion *completion, const char *folder, const char *name) {
    RP_AUTO_FREE char *path = NULL;
    struct stat st;
    if (asprintf(&path, "%s%s", folder, name) < 0 || stat(path, &st))
        return;
    if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || !can_hold_probes(path, name)))
        return;
    completion->after = S_ISDIR(st.st_mode) ? "/" : ":";
    completion->what = S_ISDIR(st.st_mode) ? "folder" : "file";
    offer(completion, path);
}

static void complete_path(struct completion *completion, const char *prefix) {
    const char *base = strrchr(prefix, '/') + 1;
    RP_AUTO_FREE char *folder = strndup(prefix, (size_t)(base - prefix));
    RP_AUTO_CLOSEDIR DIR *dir = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (begins(entry->d_name, base) && (*base == '.' || entry->d_name[0] != '.'))
            offer_file(completion, folder, entry->d_name);
}

static void add_name(void *ctx, const char *name) {
    rp_index_add(ctx, name);
}

/* Programs of $PATH and libraries. */
static void complete_binary(struct completion *completion, const char *prefix) {
    struct rp_index names = {0};
    rp_binary_each_name(add_name, &names);
    completion->after = ":";
    completion->what = "program or library";
    rp_index_each(&names, prefix, offer, completion);
    rp_index_clear(&names);
}

/* ------------------------------------------------------------- what is in a file */

/* The functions, or the USDT probes, of the file that was asked about last. */
static struct {
    const struct rp_probe_kind *kind; /* &rp_uprobe_kind, or &rp_usdt_kind */
    char *path;
    struct stat st;
    struct rp_index index; /* "FUNCTION", "PROVIDER:NAME" */
} last;

static bool add_place(void *ctx, const char *spec) {
    (void)ctx;
    /* "KIND:FILE:REST": a file's path has no colon. */
    const char *rest = strchr(strchr(spec, ':') + 1, ':');
    return !rest || rp_index_add(&last.index, rest + 1);
}

static bool is_last(const struct rp_probe_kind *kind, const char *path, const struct stat *st) {
    return last.path && last.kind == kind && strcmp(last.path, path) == 0 &&
           last.st.st_ino == st->st_ino && last.st.st_size == st->st_size &&
           last.st.st_mtim.tv_sec == st->st_mtim.tv_sec &&
           last.st.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static struct rp_error *read_file(const struct rp_probe_kind *kind, const char *file) {
    if (kind != &rp_usdt_kind)
        kind = &rp_uprobe_kind;
    RP_AUTO_FREE char *path = NULL, *pattern = NULL;
    struct stat st;
    RP_TRY(rp_binary_find(file, &path));
    if (stat(path, &st) == 0 && is_last(kind, path, &st))
        return NULL;
    if (asprintf(&pattern, "%s:*", path) < 0)
        return rp_error_nomem();
    rp_index_clear(&last.index);
    free(last.path);
    last.kind = kind;
    last.path = rp_take(path);
    last.st = st;
    struct rp_error *err = rp_probe_list(kind->name, pattern, add_place, NULL);
    if (err)
        free(rp_take(last.path));
    return err;
}

static struct rp_error *complete_in_files(struct completion *completion,
                                          const struct rp_probe_kind *kind, const char *rest) {
    const char *colon = strchr(rest, ':');
    if (!colon && strchr(rest, '/'))
        complete_path(completion, rest);
    else if (!colon)
        complete_binary(completion, rest);
    if (!colon)
        return NULL;
    RP_AUTO_FREE char *file = strndup(rest, (size_t)(colon - rest));
    if (!file)
        return rp_error_nomem();
    struct rp_error *err = read_file(kind, file);
    if (err)
        return rp_error_what_set(err, "cannot look into %s", file);
    completion->before_len += (size_t)(colon + 1 - rest);
    completion->what = kind == &rp_usdt_kind ? "static event" : "function";
    rp_index_each(&last.index, colon + 1, offer, completion);
    return NULL;
}

/* ------------------------------------------------------------- other kinds */

static bool add_rest(void *ctx, const char *spec) {
    return rp_index_add(ctx, strchr(spec, ':') + 1);
}

/* Lists that are short. */
static void complete_listed(struct completion *completion, const struct rp_probe_kind *kind,
                            const char *rest) {
    struct rp_index places = {0};
    rp_error_free(rp_probe_list(kind->name, NULL, add_rest, &places)); /* nothing, then */
    completion->what = kind->name;
    rp_index_each(&places, rest, offer, completion);
    rp_index_clear(&places);
}

static void complete_unit(struct completion *completion, const char *rest) {
    static const char *const units[] = {"hz", "ms", "s", "us"};
    completion->after = ":";
    completion->what = "unit of time";
    for (size_t i = 0; i < RP_COUNT(units); i++)
        if (begins(units[i], rest))
            offer(completion, units[i]);
}

static struct rp_error *complete_in_kind(struct completion *completion,
                                         const struct rp_probe_kind *kind, const char *rest) {
    if (kind->in_files)
        return complete_in_files(completion, kind, rest);
    if (is_of_functions(kind) && has_kind(kind))
        complete_function(completion, rest);
    else if (kind == &rp_tracepoint_kind)
        complete_tracepoint(completion, rest);
    else if (!kind->list)
        complete_unit(completion, rest);
    else if (!is_of_functions(kind))
        complete_listed(completion, kind, rest);
    return NULL;
}

/* A word may be a kind, a function, a tracepoint or a category of these. */
static void complete_word(struct completion *completion, const char *prefix) {
    completion->after = ":";
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++) {
        completion->what = kind->what;
        if (begins(kind->name, prefix))
            offer(completion, kind->name);
    }
    completion->after = "";
    if (!*prefix)
        return;
    complete_tracepoint(completion, prefix);
    complete_tracepoint_name(completion, prefix);
    complete_function(completion, prefix);
}

struct rp_error *rp_complete_probe(const char *prefix, rp_completion_fn each, void *ctx) {
    struct completion completion = {.before = prefix, .after = "", .each = each, .ctx = ctx};
    const char *colon = strchr(prefix, ':');
    const struct rp_probe_kind *kind =
        colon ? rp_probe_kind_find(prefix, (size_t)(colon - prefix)) : NULL;
    if (kind) {
        completion.before_len = (size_t)(colon + 1 - prefix);
        return complete_in_kind(&completion, kind, colon + 1);
    }
    if (colon)
        complete_tracepoint(&completion, prefix);
    else
        complete_word(&completion, prefix);
    return NULL;
}
