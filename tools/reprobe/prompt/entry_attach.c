/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches what a session entry has: its functions, where they say or where the user does. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "probe/spec.h"
#include "source.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/error.h"
#include "util/names.h"

/* ------------------------------------------------------------------ attach points */

struct rp_error *attach_points_add(struct attach_points *attach_points, const char *function,
                                   const char *spec) {
    struct attach_point *attach_point = rp_vec_add(attach_points);
    if (!attach_point)
        return rp_error_nomem();
    *attach_point = (struct attach_point){.function = strdup(function), .spec = strdup(spec)};
    return attach_point->function && attach_point->spec ? NULL : rp_error_nomem();
}

void attach_points_clear(struct attach_points *attach_points) {
    for (size_t i = 0; i < attach_points->count; i++) {
        free(attach_points->items[i].function);
        free(attach_points->items[i].spec);
    }
    rp_vec_clear(attach_points);
}

struct rp_error *entry_attach_points(const struct entry *entry,
                                     struct attach_points *attach_points) {
    for (size_t i = 0; i < entry->probes.count; i++)
        RP_TRY(attach_points_add(attach_points, rp_probe_function(entry->probes.items[i]),
                                 rp_probe_spec(entry->probes.items[i])));
    return NULL;
}

void entry_free_names(struct entry *entry) {
    for (size_t i = 0; i < entry->names.count; i++)
        rp_texts_clear(&entry->names.items[i]);
    rp_vec_clear(&entry->names);
}

/* How much of a spec names it: "f" of "uprobe:prog:f::h0123456789abcdef", "f::h0123456789abcdef",
 * and all of it. */
enum { WITHOUT_HASH, NAME, FULL };

static const char *name_in(const char *spec, unsigned how, size_t *length) {
    const char *name = how == FULL ? spec : rp_spec_name_in(spec);
    *length = how == WITHOUT_HASH ? rp_without_hash(name, strlen(name)) : strlen(name);
    return name;
}

/* The names of that length that several have, as "f" of "uprobe:prog:f" and "uretprobe:prog:f". */
static void add_shared_names(const struct entry *entry, unsigned how, struct rp_names *shared) {
    struct rp_names all = {0};
    size_t length;
    for (size_t i = 0; i < entry->names.count; i++)
        for (size_t n = 0; n < entry->names.items[i].count; n++) {
            const char *name = name_in(entry->names.items[i].items[n], how, &length);
            if (!rp_names_add(&all, name, length))
                rp_names_add(shared, name, length);
        }
    rp_names_clear(&all);
}

/* *spec becomes the shortest name that no other has. False: out of memory. */
static bool shorten(const struct rp_names *shared, char **spec) {
    size_t length;
    unsigned how = WITHOUT_HASH;
    const char *name = name_in(*spec, how, &length);
    while (how < FULL && rp_names_has_n(&shared[how], name, length))
        name = name_in(*spec, ++how, &length);
    char *own = strndup(name, length);
    if (!own)
        return false;
    free(*spec);
    *spec = own;
    return true;
}

static struct rp_error *shorten_names(struct entry *entry) {
    struct rp_names shared[FULL] = {0};
    bool enough = true;
    for (unsigned how = WITHOUT_HASH; how < FULL; how++)
        add_shared_names(entry, how, &shared[how]);
    for (size_t i = 0; i < entry->names.count; i++)
        for (size_t n = 0; enough && n < entry->names.items[i].count; n++)
            enough = shorten(shared, &entry->names.items[i].items[n]);
    for (unsigned how = WITHOUT_HASH; how < FULL; how++)
        rp_names_clear(&shared[how]);
    return enough ? NULL : rp_error_nomem();
}

char *entry_place_names(const struct entry *entry) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("place:", out);
    for (size_t i = 0; i < entry->names.count; i++)
        for (size_t n = 0; n < entry->names.items[i].count; n++)
            fprintf(out, "%" PRIu64 "=%s\n", (uint64_t)i << 32 | n, entry->names.items[i].items[n]);
    fclose(out);
    return text;
}

static struct rp_error *take_names(const struct rp_probe *probe, struct rp_texts *names) {
    for (size_t i = 0; i < rp_probe_match_count(probe); i++) {
        const char *attach_point = rp_probe_match(probe, i);
        if (!rp_texts_add(names, strdup(attach_point ? attach_point : "?")))
            return rp_error_nomem();
    }
    return NULL;
}

struct rp_error *entry_take_names(struct entry *entry) {
    entry_free_names(entry);
    for (size_t i = 0; i < entry->probes.count; i++) {
        struct rp_texts *names = rp_vec_add(&entry->names);
        if (!names)
            return rp_error_nomem();
        RP_TRY(take_names(entry->probes.items[i], names));
    }
    return shorten_names(entry);
}

struct rp_error *entry_check_limit(const struct prompt *prompt, const char *spec) {
    size_t count;
    bool at_once;
    if (!rp_probe_is_pattern(spec))
        return NULL;
    RP_TRY(rp_probe_count(spec, &count, &at_once));
    uint64_t limit = prompt->limit ? prompt->limit
                     : at_once     ? ENTRY_LIMIT_AT_ONCE
                                   : ENTRY_LIMIT_ONE_BY_ONE;
    if (count <= limit)
        return NULL;
    char why[160];
    snprintf(why, sizeof(why), "it has %zu matches, and the limit is %" PRIu64 "%s", count, limit,
             at_once ? "" : " (this kernel attaches them one by one)");
    return rp_error_hint_set(rp_error_new(E2BIG, why, "cannot attach %s", spec),
                             "use a narrower pattern, or raise the limit: limit %zu", count);
}

/* "FUNCTION=PROBE" of each, as the compiler needs them. */
struct rp_error *entry_attach_words(const struct attach_points *attach_points, char ***words) {
    *words = calloc(attach_points->count + 1, sizeof(char *));
    for (size_t i = 0; *words && i < attach_points->count; i++)
        if (asprintf(&(*words)[i], "%s=%s", attach_points->items[i].function,
                     attach_points->items[i].spec) < 0)
            return (*words)[i] = NULL, rp_error_nomem();
    return *words ? NULL : rp_error_nomem();
}

void entry_free_words(char ***words) {
    for (size_t i = 0; *words && (*words)[i]; i++)
        free((*words)[i]);
    free(*words);
}

struct rp_error *entry_attach_one(struct prompt *prompt, struct entry *entry, const char *function,
                                  const char *spec) {
    if (!rp_vec_reserve(&entry->probes, 1))
        return rp_error_nomem();
    RP_TRY(entry_check_limit(prompt, spec));
    RP_TRY(rp_session_attach(prompt->session, entry->module, function, spec,
                             &entry->probes.items[entry->probes.count]));
    entry->probes.count++;
    return NULL;
}

static bool is_listed(const struct attach_points *attach_points, const char *function) {
    for (size_t i = 0; i < attach_points->count; i++)
        if (strcmp(attach_points->items[i].function, function) == 0)
            return true;
    return false;
}

static bool has_function(const struct rp_module *module, const char *name) {
    for (size_t i = 0; i < rp_module_function_count(module); i++)
        if (strcmp(rp_module_function_name(module, i), name) == 0)
            return true;
    return false;
}

static struct rp_error *take_probe(void *ctx, struct rp_probe *probe) {
    struct entry *entry = ctx;
    return rp_vec_push(&entry->probes, probe) ? NULL : rp_error_nomem();
}

static void say_left_out(void *ctx, const char *function, const struct rp_error *why) {
    (void)ctx;
    RP_AUTO_FREE char *text = text_left_out(function, why);
    prompt_say("%s", text ? text : "");
}

/* Those of `attach_points` that the module still has. */
static struct rp_error *attach_sections(struct prompt *prompt, struct entry *entry,
                                        const struct attach_points *attach_points) {
    AUTO_ATTACH_POINTS present = {0};
    RP_AUTO(entry_free_words) char **words = NULL;
    for (size_t i = 0; i < attach_points->count; i++)
        if (has_function(entry->module, attach_points->items[i].function))
            RP_TRY(attach_points_add(&present, attach_points->items[i].function,
                                     attach_points->items[i].spec));
    RP_TRY(entry_attach_words(&present, &words));
    const struct rp_attach_opts opts = {.size = sizeof(opts),
                                        .attach = (const char *const *)words,
                                        .attach_count = present.count,
                                        .left_out = say_left_out,
                                        .attached = take_probe,
                                        .ctx = entry};
    RP_TRY(rp_session_attach_sections(prompt->session, entry->module, &opts, NULL));
    return entry_take_names(entry);
}

/* One after another; Ctrl-C ends it. */
static struct rp_error *attach_listed(struct prompt *prompt, struct entry *entry,
                                      const struct attach_points *attach_points, bool some) {
    size_t count = attach_points->count;
    for (size_t i = 0; i < count; i++) {
        if (!some || has_function(entry->module, attach_points->items[i].function))
            RP_TRY(entry_attach_one(prompt, entry, attach_points->items[i].function,
                                    attach_points->items[i].spec));
        if (i + 1 < count && !rp_session_attaching(prompt->session, i + 1, count)) {
            RP_AUTO_FREE char *why = rp_text("an interrupt ended it, at %zu of %zu", i + 1, count);
            return rp_error_new(ECANCELED, why, "cannot attach [%u]", entry->number);
        }
    }
    return NULL;
}

static struct rp_error *attach_all(struct prompt *prompt, struct entry *entry,
                                   const struct attach_points *attach_points, bool some) {
    if (rp_module_has_sections(entry->module))
        return attach_sections(prompt, entry, attach_points);
    RP_TRY(attach_listed(prompt, entry, attach_points, some));
    for (size_t i = 0; i < rp_module_function_count(entry->module); i++) {
        const char *function = rp_module_function_name(entry->module, i);
        if (is_listed(attach_points, function))
            continue;
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (spec)
            RP_TRY(entry_attach_one(prompt, entry, function, spec));
    }
    return entry_take_names(entry);
}

/* A Ctrl-C that has ended it has done what it was to. */
struct rp_error *entry_attach_all(struct prompt *prompt, struct entry *entry,
                                  const struct attach_points *attach_points, bool some) {
    struct rp_error *err = attach_all(prompt, entry, attach_points, some);
    progress_end();
    if (prompt->terminal && err && rp_error_errno(err) == ECANCELED)
        rp_session_take_interrupt(prompt->session);
    return err;
}
