/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the kernel functions that match a pattern and can be probed. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/matches.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/names.h"

/* The kernel's own list: lines of "0xSTART-0xEND\tFUNCTION". */
void rp_kprobe_each_forbidden(bool (*each)(void *ctx, const char *function), void *ctx) {
    rp_error_free(rp_mount_if_missing("debugfs", "/sys/kernel/debug"));
    RP_AUTO_FCLOSE FILE *file = fopen("/sys/kernel/debug/kprobes/blacklist", "re");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    while (file && getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *name = strchr(line, '\t');
        if (name && !each(ctx, name + 1))
            return;
    }
}

/* Functions of one name. */
struct tally {
    unsigned traceable, seen; /* in either list */
};

/* ftrace lists names, /proc/kallsyms names and addresses; several functions may share a name. */
struct search {
    const char *pattern;
    size_t literal;                   /* its bytes before the first wildcard */
    struct rp_names forbidden, names; /* the names that match */
    RP_VEC(struct tally) tallies;     /* of each of `names` */
    bool ftrace_tells;
    struct rp_matches *out;
    struct rp_error *err;
};

/* Most names differ at the beginning, and fnmatch() is slow. */
static bool matches(const struct search *search, const char *name) {
    return strncmp(search->pattern, name, search->literal) == 0 &&
           fnmatch(search->pattern, name, 0) == 0;
}

static bool add_forbidden(void *ctx, const char *function) {
    struct search *search = ctx;
    if (matches(search, function))
        rp_names_add(&search->forbidden, function, strlen(function));
    return true;
}

/* NULL: out of memory. */
static struct tally *tally_of(struct search *search, const char *name) {
    if (rp_vec_reserve(&search->tallies, 1) && rp_names_add(&search->names, name, strlen(name)))
        rp_vec_push(&search->tallies, (struct tally){0});
    ssize_t i = rp_names_find(&search->names, name, strlen(name));
    return i < 0 ? NULL : &search->tallies.items[i];
}

static bool add_traceable(void *ctx, const char *name) {
    struct search *search = ctx;
    if (!matches(search, name) || rp_names_has(&search->forbidden, name))
        return true;
    struct tally *tally = tally_of(search, name);
    if (!tally)
        search->err = rp_error_nomem();
    else
        tally->traceable++;
    return !search->err;
}

static bool add_function(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    struct search *search = ctx;
    if (search->ftrace_tells ? !rp_names_has(&search->names, name)
                             : !matches(search, name) || rp_names_has(&search->forbidden, name))
        return true;
    struct tally *tally = tally_of(search, name);
    if (tally)
        tally->seen++;
    search->err = tally ? rp_matches_add(search->out, name, address) : rp_error_nomem();
    return !search->err;
}

/* If several functions have one name and ftrace cannot trace some of them, it is unknown which;
 * without addresses the kernel would take any of them. */
static bool is_sure(const struct search *search, size_t match) {
    const char *name = rp_match_name(search->out, match);
    ssize_t i = rp_names_find(&search->names, name, strlen(name));
    const struct tally *tally = &search->tallies.items[i];
    if (!search->out->items[match].number)
        return tally->seen == 1;
    return !search->ftrace_tells || tally->seen == tally->traceable;
}

static void drop_unsure(struct search *search) {
    struct rp_matches *matches = search->out;
    size_t kept = 0;
    for (size_t i = 0; i < matches->count; i++)
        if (is_sure(search, i))
            matches->items[kept++] = matches->items[i];
        else
            rp_match_clear(matches, i);
    matches->count = kept;
}

static struct rp_error *search_all(const char *pattern, struct rp_matches *out) {
    struct search search = {.pattern = pattern, .literal = strcspn(pattern, "*?[\\"), .out = out};
    rp_kprobe_each_forbidden(add_forbidden, &search);
    struct rp_error *untold = rp_tracefs_each_function(add_traceable, &search);
    search.ftrace_tells = !untold;
    rp_error_free(untold);
    struct rp_error *err = search.err ? search.err : rp_ksyms_each(add_function, &search);
    if (!err)
        err = search.err;
    if (!err)
        drop_unsure(&search);
    rp_names_clear(&search.forbidden);
    rp_names_clear(&search.names);
    rp_vec_clear(&search.tallies);
    return err;
}

/* ------------------------------------------------------------------ the last result */

/* A pattern is looked up several times before it is attached: whether it has matches, how many, and
 * which. The result is the same as long as the kernel has the same modules. */
static struct {
    char *pattern, *modules;
    struct rp_matches matches;
} last;

/* If memory is out, the result is just not kept. */
static void keep(const char *pattern, const char *modules, const struct rp_matches *matches) {
    free(last.pattern);
    free(last.modules);
    rp_matches_clear(&last.matches);
    last.matches.kind = matches->kind;
    struct rp_error *err = rp_matches_copy(matches, &last.matches);
    last.pattern = err ? NULL : strdup(pattern);
    last.modules = err ? NULL : strdup(modules);
    rp_error_free(err);
}

struct rp_error *rp_kernel_functions_match(const char *pattern, struct rp_matches *out) {
    RP_AUTO_FREE char *modules = NULL;
    rp_error_free(rp_file_read("/proc/modules", &modules)); /* empty if there cannot be any */
    const char *now = modules ? modules : "";
    if (last.pattern && last.modules && strcmp(last.pattern, pattern) == 0 &&
        strcmp(last.modules, now) == 0)
        return rp_matches_copy(&last.matches, out);
    RP_TRY(search_all(pattern, out));
    keep(pattern, now, out);
    return NULL;
}
