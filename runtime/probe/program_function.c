/* SPDX-License-Identifier: Apache-2.0 */
/* A function of a program or library by its name, and what is said where that is not one function.
 */
#include "probe/program_function.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "debug/programs.h"
#include "probe/binary.h"
#include "probe/kind.h"
#include "probe/line.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/nearest.h"
#include "util/text.h"

/* The compiler has put it into others; NULL: it has not, or nothing tells. */
static struct rp_error *is_inlined(const struct rp_spec *spec) {
    const struct rp_debug *debug;
    RP_AUTO(rp_debug_inlined_clear) struct rp_debug_inlined inlined = {0};
    struct rp_error *err = rp_debug_open(spec->path, &debug);
    if (!err)
        err = rp_debug_inlined_find(debug, spec->target, 0, &inlined);
    rp_error_free(err);
    if (!inlined.count)
        return NULL;
    err = rp_probe_error(
        ENOENT,
        "%s has no code of its own in %s: the compiler has put it into others, %zu "
        "times%s%s",
        spec->target, spec->path, inlined.count, inlined.caller ? ", such as into " : "",
        inlined.caller ? inlined.caller : "");
    return inlined.file ? rp_error_hint_set(err,
                                            "probe the lines of its source, of which that is at "
                                            "each: uprobe:%s:%s:%u is where it begins",
                                            spec->path, inlined.file, inlined.line)
                        : err;
}

static struct rp_error *no_function(const struct rp_spec *spec,
                                    const struct rp_symbol_search *search) {
    struct rp_error *inlined = is_inlined(spec);
    if (inlined)
        return inlined;
    bool stripped = rp_binary_is_stripped(spec->path);
    RP_AUTO_FREE char *guess = rp_nearest_text(&search->nearest, "");
    struct rp_error *err;
    if (stripped)
        err = rp_probe_error(ENOENT,
                             "there is no function %s in %s, or it has no symbol: the file is "
                             "stripped, and only the %zu functions that it exports have one",
                             spec->target, spec->path, search->seen);
    else
        err = rp_probe_error(ENOENT, "there is no function %s in %s", spec->target, spec->path);
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    if (stripped)
        return rp_error_hint_set(err,
                                 "install its debug symbols (-dbgsym), or use an address: "
                                 "%s:%s:0xADDRESS",
                                 spec->kind->name, spec->path);
    return rp_error_hint_set(err,
                             "the compiler may have inlined it; reprobe list '%s:%s:*PART*' finds "
                             "functions by a part of their names",
                             spec->kind->name, spec->path);
}

/* "0x1139 (util.c:12)"; malloc()ed. */
static char *address_text(const struct rp_spec *spec, uint64_t address) {
    const struct rp_debug *debug;
    const struct rp_debug_function *function = NULL;
    struct rp_error *err = rp_debug_open(spec->path, &debug);
    if (!err)
        err = rp_debug_function_at(debug, address, NULL, &function);
    rp_error_free(err);
    if (!function || !function->file)
        return rp_text("0x%" PRIx64, address);
    return rp_text("0x%" PRIx64 " (%s:%u)", address, rp_last_name(function->file), function->line);
}

static struct rp_error *ambiguous(const struct rp_spec *spec,
                                  const struct rp_symbol_search *search) {
    RP_AUTO_FREE char *one = address_text(spec, search->address);
    RP_AUTO_FREE char *other = address_text(spec, search->other);
    return rp_error_hint_set(
        rp_probe_error(
            EADDRNOTAVAIL,
            "several functions in %s are named %s, and the name does not say which one you "
            "meant",
            spec->path, spec->target),
        "use the address of one: %s:%s:%s or %s", spec->kind->name, spec->path, one ? one : "",
        other ? other : "");
}

/* The kernel would probe a function that only the dynamic linker calls, and only once. */
static struct rp_error *is_ifunc(const struct rp_spec *spec) {
    return rp_error_hint_set(
        rp_probe_error(EINVAL,
                       "%s only chooses one of several functions, when a program starts (it is an "
                       "indirect function)",
                       spec->target),
        "probe the function that it chooses: reprobe list '%s:%s:*%s*' shows these if debug "
        "symbols "
        "are installed",
        spec->kind->name, spec->path, spec->target);
}

/* Symbols as their authors wrote them. */
static bool search_written(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct rp_symbol_search *search = ctx;
    RP_AUTO_FREE char *written = rp_demangle(name);
    if (written && rp_demangled_is(written, search->wanted))
        return rp_symbol_search_one(search, search->wanted, address, size);
    if (written)
        rp_nearest_add(&search->nearest, written);
    return true;
}

struct naming {
    const char *wanted;
    bool found;
};

static bool is_named(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)address;
    (void)size;
    struct naming *naming = ctx;
    RP_AUTO_FREE char *written = rp_demangle(name);
    naming->found =
        !strcmp(name, naming->wanted) || (written && rp_demangled_is(written, naming->wanted));
    return !naming->found;
}

/* C's names have no such marks: of other files not all symbols are looked at. */
bool rp_program_has_marked(const char *file, const char *name) {
    RP_AUTO_FREE char *path = NULL;
    struct naming naming = {.wanted = name};
    if (!strpbrk(name, "(<[") && !strstr(name, "operator") && !strstr(name, ".."))
        return false;
    struct rp_error *err = rp_binary_find(file, &path);
    if (!err)
        err = rp_binary_each_function(path, is_named, &naming);
    rp_error_free(err);
    return naming.found;
}

struct rp_error *rp_program_function(const struct rp_spec *spec, uint64_t *address,
                                     uint64_t *size) {
    struct rp_symbol_search search = {.wanted = spec->target, .nearest = {.wanted = spec->target}};
    struct rp_error *err = rp_binary_each_function(spec->path, rp_symbol_search_one, &search);
    if (!err && !search.address)
        err = rp_binary_each_function(spec->path, search_written, &search);
    if (!err && !search.address)
        err = no_function(spec, &search);
    else if (!err && rp_binary_is_ifunc(spec->path, spec->target))
        err = is_ifunc(spec);
    else if (!err && search.other)
        err = ambiguous(spec, &search);
    rp_nearest_clear(&search.nearest);
    *address = search.address;
    *size = search.size;
    return err;
}

/* ------------------------------------------------------------------ what a probe does not see */

struct clones {
    const char *name;
    char *found; /* one of them, or NULL */
    size_t count;
};

/* "f.part.0", "f.constprop.0.isra.0"; ".cold" has what is left of f itself. */
static bool add_clone(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct clones *clones = ctx;
    size_t length = strlen(clones->name);
    (void)address;
    (void)size;
    if (strncmp(name, clones->name, length) != 0 || name[length] != '.' ||
        strstr(name + length, ".cold") || (clones->found && !strcmp(clones->found, name)))
        return true;
    clones->count++;
    if (!clones->found)
        clones->found = strdup(name);
    return true;
}

static char *copies_text(const struct rp_spec *spec, const struct rp_debug_inlined *inlined,
                         const struct clones *clones) {
    RP_AUTO_FREE char *copies =
        inlined->count ? rp_text("has put it into others as well (%zu %s%s%s)", inlined->count,
                                 inlined->count == 1 ? "copy" : "copies",
                                 inlined->caller ? ", such as in " : "",
                                 inlined->caller ? inlined->caller : "")
                       : NULL;
    RP_AUTO_FREE char *parts =
        clones->count ? rp_text("has made %s of it", clones->found ? clones->found : "a part")
                      : NULL;
    RP_AUTO_FREE char *lines =
        inlined->file ? rp_text("; a line of it is probed in all of them: uprobe:%s:%s:LINE",
                                spec->path, inlined->file)
                      : NULL;
    if (!copies && !parts)
        return NULL;
    return rp_text("not all calls of %s are seen: the compiler %s%s%s%s", spec->target,
                   copies ? copies : "", copies && parts ? ", and " : "", parts ? parts : "",
                   lines ? lines : "");
}

/* ------------------------------------------------------------------ what it sees besides */

struct at_address {
    uint64_t address;
    struct rp_texts symbols;
};

static bool add_symbol(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct at_address *at = ctx;
    (void)size;
    for (size_t i = 0; i < at->symbols.count; i++)
        if (!strcmp(at->symbols.items[i], name))
            return true;
    return address != at->address || rp_texts_add(&at->symbols, strdup(name));
}

/* Of several symbols of one function, as libraries have, one is defined; of functions that were
 * made one, all are. */
static char *merged_text(const struct rp_debug *debug, const struct at_address *at) {
    RP_AUTO_FREE char *names = NULL;
    size_t count = 0;
    for (size_t i = 0; at->symbols.count > 1 && i < at->symbols.count; i++) {
        const char *symbol = at->symbols.items[i];
        if (!rp_debug_defines(debug, symbol, at->address))
            continue;
        RP_AUTO_FREE char *written = rp_demangle(symbol);
        count++;
        if (!rp_text_list(&names, written ? written : symbol))
            return NULL;
    }
    return count > 1 ? rp_text("calls of %s cannot be told apart: their code is the same, and is "
                               "there once",
                               names)
                     : NULL;
}

static char *merged(const struct rp_spec *spec, const struct rp_debug *debug, uint64_t address) {
    struct at_address at = {.address = address};
    struct rp_error *err = rp_binary_each_function(spec->path, add_symbol, &at);
    char *text = err ? NULL : merged_text(debug, &at);
    rp_error_free(err);
    rp_texts_clear(&at.symbols);
    return text;
}

/* ------------------------------------------------------------------ both */

static char *line_unseen(const struct rp_spec *spec) {
    RP_AUTO_FREE char *path = NULL;
    struct rp_error *err = rp_binary_find(spec->path, &path);
    rp_error_free(err);
    return path ? rp_line_unseen(path, spec->target) : NULL;
}

char *rp_program_function_copies(const struct rp_spec *spec) {
    uint64_t address, size;
    const struct rp_debug *debug;
    RP_AUTO(rp_debug_inlined_clear) struct rp_debug_inlined inlined = {0};
    struct clones clones = {.name = spec->target};
    if (spec->target && rp_line_is(spec->target))
        return line_unseen(spec);
    if (!spec->target || spec->offset)
        return NULL;
    struct rp_error *err = rp_program_function(spec, &address, &size);
    if (!err)
        err = rp_binary_each_function(spec->path, add_clone, &clones);
    /* Where nothing tells of copies, parts have symbols. */
    struct rp_error *unread = err ? NULL : rp_debug_open(spec->path, &debug);
    if (!err && !unread)
        unread = rp_debug_inlined_find(debug, spec->target, address, &inlined);
    char *text = err ? NULL : copies_text(spec, &inlined, &clones);
    if (!err && !unread && !text)
        text = merged(spec, debug, address);
    rp_error_free(unread);
    rp_error_free(err);
    free(clones.found);
    return text;
}
