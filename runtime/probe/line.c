/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probe/paths.h"
#include "probe/typed.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define DIGITS     "0123456789"
#define BEGINS_MAX 64

/* ------------------------------------------------------------------ text */

/* The colon before the digits that it ends with; NULL: there are none. */
static const char *before_number(const char *text) {
    const char *colon = strrchr(text, ':');
    bool number = colon && colon > text && colon[-1] != ':' && colon[1] &&
                  colon[1 + strspn(colon + 1, DIGITS)] == '\0';
    return number ? colon : NULL;
}

const char *rp_line_find(const char *rest) {
    const char *number = before_number(rest);
    const char *at = number ? memrchr(rest, ':', (size_t)(number - rest)) : NULL;
    return at && at > rest && at[1] != ':' && at[-1] != ':' ? at : NULL;
}

bool rp_line_is(const char *target) {
    return target && before_number(target);
}

/* *file is malloc()ed, and the line's. */
static bool read_line(const char *target, char **file, struct rp_source_line *line) {
    const char *colon = before_number(target);
    *file = strndup(target, (size_t)(colon - target));
    *line = (struct rp_source_line){*file, (unsigned)strtoul(colon + 1, NULL, 10), false};
    return *file != NULL;
}

/* ------------------------------------------------------------------ addresses */

/* Of a block: where the line begins in it. */
struct begins {
    const struct rp_line_address *items[BEGINS_MAX];
    size_t count;
};

/* Whether it is where the line goes on, as all who come there have begun it. */
static bool goes_on(const struct rp_paths *paths, const struct begins *b, size_t i) {
    bool passed = false;
    for (size_t other = 0; other < b->count; other++)
        passed |=
            other != i && rp_paths_pass(paths, b->items[other]->address, b->items[i]->address);
    return passed;
}

static bool are_apart(const struct rp_paths *paths, const struct begins *b) {
    for (size_t i = 0; i < b->count; i++)
        for (size_t other = 0; other < i; other++)
            if (!rp_paths_are_apart(paths, b->items[other]->address, b->items[i]->address))
                return false;
    return true;
}

/* Of a block those that are copies of each other; where that is not known the first, and *unsure
 * has how many there are besides. */
static void choose(const char *path, struct begins *b, size_t *unsure) {
    struct begins kept = {0};
    RP_AUTO_PATHS struct rp_paths *paths =
        b->count > 1 && b->items[0]->function ? rp_paths_of(path, b->items[0]->function) : NULL;
    for (size_t i = 0; paths && i < b->count; i++)
        if (!goes_on(paths, b, i))
            kept.items[kept.count++] = b->items[i];
        else
            *unsure += b->items[i]->is_copied;
    if (paths && kept.count)
        *b = kept;
    if (b->count == 1 || (paths && are_apart(paths, b)))
        return;
    *unsure += b->count - 1;
    b->count = 1;
}

static struct rp_error *add_block(const char *path, const struct rp_lines *all, size_t first,
                                  struct rp_lines *out, size_t *unsure) {
    struct begins begins = {0};
    for (size_t i = first; i < all->count && begins.count < BEGINS_MAX; i++)
        if (all->items[i].block == all->items[first].block)
            begins.items[begins.count++] = &all->items[i];
    choose(path, &begins, unsure);
    for (size_t i = 0; i < begins.count; i++)
        if (!rp_vec_push(out, *begins.items[i]))
            return rp_error_nomem();
    return NULL;
}

static bool is_first(const struct rp_lines *all, size_t i) {
    for (size_t before = 0; before < i; before++)
        if (all->items[before].block == all->items[i].block)
            return false;
    return true;
}

static int compare(const void *a, const void *b) {
    const struct rp_line_address *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static struct rp_error *find(const char *path, const struct rp_source_line *line,
                             struct rp_lines *out, size_t *unsure) {
    const struct rp_debug *debug;
    struct rp_lines all = {0};
    *unsure = 0;
    struct rp_error *err = rp_debug_open(path, &debug);
    if (!err)
        err = rp_debug_line(debug, line, &all);
    for (size_t i = 0; !err && i < all.count; i++)
        if (is_first(&all, i))
            err = add_block(path, &all, i, out, unsure);
    if (!err && out->count)
        qsort(out->items, out->count, sizeof(*out->items), compare);
    rp_vec_clear(&all);
    return err;
}

struct rp_error *rp_line_addresses(const char *path, const char *target, struct rp_lines *out) {
    RP_AUTO_FREE char *file = NULL;
    struct rp_source_line line;
    size_t unsure;
    return read_line(target, &file, &line) ? find(path, &line, out, &unsure) : rp_error_nomem();
}

char *rp_line_unseen(const char *path, const char *target) {
    RP_AUTO_FREE char *file = NULL;
    struct rp_source_line line;
    struct rp_lines lines = {0};
    size_t unsure = 0;
    struct rp_error *err =
        read_line(target, &file, &line) ? find(path, &line, &lines, &unsure) : NULL;
    rp_error_free(err);
    char *text =
        unsure
            ? rp_text("not all executions of %s may be seen: its code is at %zu places, of which "
                      "%zu %s probed, and others may be copies",
                      target, lines.count + unsure, lines.count, lines.count == 1 ? "is" : "are")
            : NULL;
    rp_vec_clear(&lines);
    return text;
}

/* ------------------------------------------------------------------ arguments */

static bool is_at(const struct rp_location *a, const struct rp_location *b) {
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++)
        same = a->parts[i].kind == b->parts[i].kind && a->parts[i].reg == b->parts[i].reg &&
               a->parts[i].offset == b->parts[i].offset && a->parts[i].bytes == b->parts[i].bytes;
    return same;
}

static bool has_same(const struct rp_arguments *other, const struct rp_argument *argument) {
    const struct rp_argument *there = rp_argument_find(other, argument->name);
    return there && there->is_spare == argument->is_spare && !there->missing &&
           !strcmp(there->type, argument->type) && is_at(&there->where, &argument->where);
}

/* What `other` has in another place, or not at all, cannot be read by a program for both. */
static struct rp_error *keep_common(const struct rp_arguments *other, const struct rp_lines *all,
                                    struct rp_arguments *arguments) {
    for (size_t i = 0; i < arguments->count; i++) {
        struct rp_argument *argument = &arguments->list[i];
        if (argument->missing || has_same(other, argument))
            continue;
        argument->missing =
            rp_text("is not at the same place at each of the line's %zu addresses: ask at one of "
                    "them (0x%" PRIx64 ", …)",
                    all->count, all->items[0].address);
        if (!argument->missing)
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *add_at(const char *path, const struct rp_source_line *line,
                               const struct rp_line_address *at, struct rp_arguments *arguments) {
    struct rp_source_line there = *line;
    there.is_empty = at->is_empty;
    return rp_typed_arguments(path, at->address, &there, arguments);
}

static struct rp_error *add_arguments(const char *path, const struct rp_source_line *line,
                                      const struct rp_lines *all, struct rp_arguments *arguments) {
    RP_TRY(add_at(path, line, &all->items[0], arguments));
    arguments->address = all->count == 1 ? arguments->address : 0;
    for (size_t i = 1; i < all->count; i++) {
        RP_AUTO_ARGUMENTS struct rp_arguments *other = calloc(1, sizeof(*other));
        if (!other)
            return rp_error_nomem();
        RP_TRY(add_at(path, line, &all->items[i], other));
        RP_TRY(keep_common(other, all, arguments));
    }
    return NULL;
}

struct rp_error *rp_line_arguments(const char *path, const char *target,
                                   struct rp_arguments *arguments) {
    RP_AUTO_FREE char *file = NULL;
    struct rp_source_line line;
    struct rp_lines all = {0};
    if (!read_line(target, &file, &line))
        return rp_error_nomem();
    size_t unsure;
    struct rp_error *err = find(path, &line, &all, &unsure);
    if (!err && all.count)
        err = add_arguments(path, &line, &all, arguments);
    rp_vec_clear(&all);
    return err;
}

struct rp_error *rp_line_arguments_at(const char *path, uint64_t address,
                                      struct rp_arguments *arguments) {
    RP_AUTO_FREE char *file = NULL;
    const struct rp_debug *debug;
    struct rp_source_line line;
    struct rp_error *err = rp_debug_open(path, &debug);
    bool has_line = !err && rp_debug_line_at(debug, address, &file, &line);
    rp_error_free(err);
    return rp_typed_arguments(path, address, has_line ? &line : NULL, arguments);
}
