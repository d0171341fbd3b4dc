/* SPDX-License-Identifier: Apache-2.0 */
/* How a probe spec can continue: by the kind's own words, by the content of files, or by the kind's
 * list. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/features.h"
#include "probe/binary.h"
#include "probe/completion.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/index.h"
#include "util/text.h"

/* ------------------------------------------------------------- files */

static bool can_hold_probes(const char *path, const char *name) {
    return access(path, X_OK) == 0 || strstr(name, ".so");
}

static void offer_file(struct rp_completion *completion, const char *folder, const char *name) {
    RP_AUTO_FREE char *path = NULL;
    struct stat st;
    if (asprintf(&path, "%s%s", folder, name) < 0 || stat(path, &st))
        return;
    if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || !can_hold_probes(path, name)))
        return;
    completion->after = S_ISDIR(st.st_mode) ? "/" : ":";
    completion->what = S_ISDIR(st.st_mode) ? "folder" : "file";
    rp_completion_offer(completion, path);
}

static void complete_path(struct rp_completion *completion, const char *prefix) {
    const char *base = strrchr(prefix, '/') + 1;
    RP_AUTO_FREE char *folder = strndup(prefix, (size_t)(base - prefix));
    RP_AUTO_CLOSEDIR DIR *dir = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (rp_starts_with(entry->d_name, base) && (*base == '.' || entry->d_name[0] != '.'))
            offer_file(completion, folder, entry->d_name);
}

static void add_name(void *ctx, const char *name) {
    rp_index_add(ctx, name);
}

/* Programs of $PATH and libraries. */
static void complete_binary(struct rp_completion *completion, const char *prefix) {
    struct rp_index names = {0};
    rp_binary_each_name(add_name, &names);
    completion->after = ":";
    completion->what = "program or library";
    rp_index_each(&names, prefix, rp_completion_offer, completion);
    rp_index_clear(&names);
}

/* ------------------------------------------------------------- the content of a file */

/* The functions or USDT probes of the last file. */
static struct {
    /* The function that listed it: kinds that share the function have the same list. */
    struct rp_error *(*list)(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx);
    char *path;
    struct stat st;
    struct rp_index index; /* "FUNCTION", "PROVIDER:NAME" */
} last;

static bool add_target(void *ctx, const char *rest) {
    (void)ctx;
    /* "FILE:TARGET": a file's path has no colon. */
    const char *colon = strchr(rest, ':');
    return !colon || rp_index_add(&last.index, colon + 1);
}

static bool is_last(const struct rp_probe_kind *kind, const char *path, const struct stat *st) {
    return last.path && last.list == kind->list && strcmp(last.path, path) == 0 &&
           rp_file_is_same(&last.st, st);
}

static struct rp_error *read_file(const struct rp_probe_kind *kind, const char *file) {
    RP_AUTO_FREE char *path = NULL, *pattern = NULL;
    struct stat st;
    RP_TRY(rp_binary_find(file, &path));
    if (stat(path, &st) == 0 && is_last(kind, path, &st))
        return NULL;
    if (asprintf(&pattern, "%s:*", path) < 0)
        return rp_error_nomem();
    rp_index_clear(&last.index);
    free(last.path);
    last.list = kind->list;
    last.path = rp_take(path);
    last.st = st;
    struct rp_error *err = kind->list(kind, pattern, add_target, NULL);
    if (err)
        free(rp_take(last.path));
    return err;
}

static struct rp_error *complete_in_files(struct rp_completion *completion,
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
        return rp_error_what_set(err, "cannot list what is in %s", file);
    completion->before_len += (size_t)(colon + 1 - rest);
    completion->what = kind->target_noun ? kind->target_noun : kind->name;
    rp_index_each(&last.index, colon + 1, rp_completion_offer, completion);
    return NULL;
}

/* ------------------------------------------------------------- other kinds */

static bool add_rest(void *ctx, const char *rest) {
    return rp_index_add(ctx, rest);
}

/* Short lists. */
static void complete_listed(struct rp_completion *completion, const struct rp_probe_kind *kind,
                            const char *rest) {
    struct rp_index rests = {0};
    rp_error_free(kind->list(kind, "*", add_rest, &rests)); /* then it offers nothing */
    completion->what = kind->target_noun ? kind->target_noun : kind->name;
    rp_index_each(&rests, rest, rp_completion_offer, completion);
    rp_index_clear(&rests);
}

static struct rp_error *complete_in_kind(struct rp_completion *completion,
                                         const struct rp_probe_kind *kind, const char *rest) {
    if (kind->complete)
        return kind->complete(completion, rest);
    if (kind->in_files)
        return complete_in_files(completion, kind, rest);
    if (kind->list)
        complete_listed(completion, kind, rest);
    return NULL;
}

/* A word may be a kind, a function, a tracepoint or a category of these. */
static void complete_word(struct rp_completion *completion, const char *prefix) {
    completion->after = ":";
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++) {
        completion->what = kind->what;
        if (rp_starts_with(kind->name, prefix))
            rp_completion_offer(completion, kind->name);
    }
    completion->after = "";
    if (!*prefix)
        return;
    rp_error_free(rp_complete_tracepoint(completion, prefix));
    rp_complete_tracepoint_name(completion, prefix);
    if (rp_kernel_has_kprobes()) /* a word that is a function means its kprobe */
        rp_complete_function(completion, prefix);
}

struct rp_error *rp_complete_probe(const char *prefix, rp_completion_fn each, void *ctx) {
    struct rp_completion completion = {.before = prefix, .after = "", .each = each, .ctx = ctx};
    const char *colon = strchr(prefix, ':');
    const struct rp_probe_kind *kind =
        colon ? rp_probe_kind_find(prefix, (size_t)(colon - prefix)) : NULL;
    if (kind) {
        completion.before_len = (size_t)(colon + 1 - prefix);
        return complete_in_kind(&completion, kind, colon + 1);
    }
    if (colon)
        return rp_complete_tracepoint(&completion, prefix);
    complete_word(&completion, prefix);
    return NULL;
}
