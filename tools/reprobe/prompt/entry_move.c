/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces and moves a session entry: the new program is live before the old one ends. */
#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "compile/schema.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------------ replacing */

/* What will run in place of `entry`. */
static struct entry *successor(const struct entry *entry) {
    struct entry *next = entry_new(entry->number, entry->name);
    if (next) {
        next->paused = entry->paused;
        next->is_file = entry->is_file;
    }
    return next;
}

static bool is_answer(const struct rp_module *module, const char *map) {
    return rp_means_answer(rp_module_map_schema(module, map)->means);
}

/* Its map that counts by attach point: where that is, is told by a number of what is attached now.
 * NULL: it has none. */
static const char *map_of_attach_points(const struct entry *entry) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        const struct rp_map_schema *schema = rp_module_map_schema(entry->module, name);
        if (is_answer(entry->module, name) &&
            rp_map_schema_member(schema, false, RP_MEMBER_ATTACH_POINT))
            return name;
    }
    return NULL;
}

/* The same pattern may have other matches by now. */
static struct rp_error *check_attach_points(const struct entry *before, const struct entry *next) {
    const char *map = map_of_attach_points(next);
    if (!map || !rp_module_kept(next->module, map))
        return NULL;
    RP_AUTO_FREE char *names = entry_place_names(before), *next_names = entry_place_names(next);
    if (!names || !next_names)
        return rp_error_nomem();
    if (strcmp(names, next_names) == 0)
        return NULL;
    return rp_error_hint_set(rp_error_new(EINVAL,
                                          "its pattern has other matches than when it was asked",
                                          "cannot keep what [%u] has counted", before->number),
                             "use `detach %u`, and ask again", before->number);
}

/* Settings are the text's. */
static bool is_gone(const struct rp_module *before, const struct rp_module *now, const char *name) {
    const struct rp_object_map *map = rp_module_map(now, name);
    bool is_fixed = map && map->data && (map->flags & BPF_F_RDONLY_PROG);
    return map && !is_fixed && is_answer(before, name) && !rp_module_kept(now, name);
}

static void note_gone(const struct entry *before, const struct entry *now) {
    RP_AUTO_FREE char *names = NULL;
    for (size_t i = 0; i < rp_module_map_count(before->module); i++) {
        const char *name = rp_module_map_name(before->module, i);
        if (is_gone(before->module, now->module, name) && !rp_text_list(&names, name))
            return;
    }
    if (names)
        prompt_say(
            "reprobe: note: what [%u] had gathered in %s is gone: its keys or values are others "
            "now\n",
            now->number, names);
}

static void swap(struct entry *entry, struct entry *next) {
    next->interval = rp_take(entry->interval);
    struct entry old = *entry;
    *entry = *next;
    *next = old;
    output_give(entry);
}

/* An editor may empty the file before it writes it. */
static struct rp_error *check_functions(const struct entry *entry, const struct entry *next) {
    if (rp_module_function_count(next->module) || !rp_module_function_count(entry->module))
        return NULL;
    return rp_error_hint_set(
        rp_error_new(EINVAL, "the new text has no function", "cannot replace [%u]", entry->number),
        "use `detach %u` to end it", entry->number);
}

/* `next` runs from now on, and what `entry` was is used up; on an error `entry` runs on, and `next`
 * is used up. At the same place both are live for a moment, so that nothing is missed. */
static struct rp_error *replace(struct prompt *prompt, struct entry *entry, struct entry *next,
                                const struct attach_points *attach_points, bool same_place) {
    struct rp_error *err = entry_bring_up(prompt, next, attach_points, entry);
    if (!err)
        err = check_functions(entry, next);
    if (!err)
        err = check_attach_points(entry, next);
    if (!err && (next->paused || !same_place))
        err = entry_pause_probes(prompt, next);
    if (!err) {
        /* At once, where the rest of its end takes a while: at the same place both would count. */
        if (!entry->paused)
            rp_error_free(entry_pause_probes(prompt, entry));
        if (!next->paused && !same_place)
            err = entry_resume_probes(prompt, next);
        swap(entry, next);
        note_gone(next, entry);
    }
    entry_end(prompt, next);
    return err;
}

static struct rp_error *replace_text(struct prompt *prompt, struct entry *entry, const char *text,
                                     const struct attach_points *attach_points, bool same_place) {
    struct entry *next = successor(entry);
    if (!next)
        return rp_error_nomem();
    next->text = text ? strdup(text) : NULL;
    if (!next->text || !entry_copy_settings(next, &entry->settings)) {
        entry_end(prompt, next);
        return rp_error_nomem();
    }
    return replace(prompt, entry, next, attach_points, same_place);
}

struct rp_error *entry_replace(struct prompt *prompt, struct entry *entry, const char *text) {
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(entry_attach_points(entry, &attach_points));
    RP_TRY(replace_text(prompt, entry, text, &attach_points, true));
    entry_print_notes(prompt, entry);
    return NULL;
}

/* ------------------------------------------------------------------ moving */

/* To the attach points that were generated, without a compile; those of several that had moved go
 * back. */
static struct rp_error *move_all(struct prompt *prompt, struct entry *entry,
                                 const struct attach_points *attach_points) {
    AUTO_ATTACH_POINTS before = {0};
    RP_TRY(entry_attach_points(entry, &before));
    struct rp_error *err = NULL;
    size_t moved = 0;
    for (; !err && moved < attach_points->count; moved++) {
        err = entry_check_limit(prompt, attach_points->items[moved].spec);
        if (!err)
            err = rp_session_move(prompt->session, entry->probes.items[moved],
                                  attach_points->items[moved].spec);
    }
    for (size_t i = 0; err && i + 1 < moved; i++)
        rp_error_free(
            rp_session_move(prompt->session, entry->probes.items[i], before.items[i].spec));
    return err ? err : entry_take_names(entry);
}

/* A call that began before the move may be over when its return is seen again: no entry is kept,
 * and none is seen before the probes are all there. */
static struct rp_error *move_pair(struct prompt *prompt, struct entry *entry,
                                  const struct attach_points *attach_points) {
    if (entry->paused || entry->probes.count == 1)
        return move_all(prompt, entry, attach_points);
    RP_TRY(entry_pause_probes(prompt, entry));
    struct rp_error *err = move_all(prompt, entry, attach_points);
    struct rp_error *resumed = entry_resume_probes(prompt, entry);
    rp_error_free(err ? resumed : NULL);
    return err ? err : resumed;
}

/* With the same C: the places alone are new. */
static struct rp_error *move_question(struct prompt *prompt, struct entry *entry,
                                      struct rp_generated *generated,
                                      const struct attach_points *attach_points) {
    RP_TRY(move_pair(prompt, entry, attach_points));
    output_places_change(entry);
    free(entry->text);
    free(entry->title);
    entry->text = rp_take(generated->text);
    entry->title = rp_take(generated->title);
    return NULL;
}

static struct rp_error *rewrite_question(struct prompt *prompt, struct entry *entry,
                                         struct rp_generated *generated,
                                         const struct attach_points *attach_points) {
    struct entry *next = successor(entry);
    if (!next)
        return rp_error_nomem();
    entry_take_generated(next, generated);
    struct rp_question *question = rp_take(entry->question);
    struct rp_error *err = replace(prompt, entry, next, attach_points, false);
    entry->question = question;
    return err;
}

/* Asks the same of the question's (one) place as it is now: moved when its C is the same there,
 * else written anew. *moved tells which. */
static struct rp_error *ask_elsewhere(struct prompt *prompt, struct entry *entry, bool *moved) {
    AUTO_GENERATED generated = NULL;
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(entry_generate(entry, &generated, &attach_points));
    prompt_note(generated->note);
    entry_note_probes(&attach_points);
    *moved = !map_of_attach_points(entry) && entry->neutral && generated->neutral &&
             !strcmp(entry->neutral, generated->neutral) &&
             rp_schema_same(entry->schema, generated->schema) &&
             attach_points.count == entry->probes.count;
    if (*moved) {
        struct rp_error *err = move_question(prompt, entry, generated, &attach_points);
        if (!err)
            return NULL;
        rp_error_free(err); /* the probe needs another program type: load a program for it */
    }
    *moved = false;
    return rewrite_question(prompt, entry, generated, &attach_points);
}

static struct rp_error *move_to(struct prompt *prompt, struct entry *entry, char *spec,
                                bool *moved) {
    struct rp_question *question = entry->question;
    if (question->probe_count != 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL,
                         question->probe_count ? "it has several probes" : "it has no probe",
                         "cannot move [%u]", entry->number),
            "use `detach %u`, and ask again", entry->number);
    char *before = question->probes[0];
    question->probes[0] = spec;
    struct rp_error *err = ask_elsewhere(prompt, entry, moved);
    question->probes[0] = err ? before : spec;
    free(err ? NULL : before);
    return err;
}

/* What it counted by attach point stays behind. */
static struct rp_error *move_counts(struct prompt *prompt, struct entry *entry, const char *spec) {
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(attach_points_add(&attach_points, rp_probe_function(entry->probes.items[0]), spec));
    return replace_text(prompt, entry, entry->text, &attach_points, false);
}

static struct rp_error *move_code(struct prompt *prompt, struct entry *entry, const char *spec) {
    if (entry->probes.count != 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, entry->probes.count ? "it has several probes" : "it has no probe",
                         "cannot move [%u]", entry->number),
            "use attach %u FUNCTION PROBE to add one", entry->number);
    RP_TRY(entry_check_limit(prompt, spec));
    if (entry->text)
        RP_TRY(rp_probe_check_fields(entry->text, rp_probe_spec(entry->probes.items[0]), spec));
    if (map_of_attach_points(entry))
        return move_counts(prompt, entry, spec);
    RP_TRY(rp_session_move(prompt->session, entry->probes.items[0], spec));
    free(rp_take(entry->title));
    return entry_take_names(entry);
}

struct rp_error *entry_move(struct prompt *prompt, struct entry *entry, const char *word) {
    RP_AUTO_FREE char *spec = NULL, *note = NULL;
    RP_TRY(rp_question_spec(word, &spec, &note));
    bool moved = true;
    prompt_note(note);
    if (entry->question) {
        RP_TRY(move_to(prompt, entry, spec, &moved));
        spec = NULL;
    } else {
        RP_TRY(move_code(prompt, entry, spec));
    }
    entry_print_title(entry);
    if (!moved)
        prompt_say("reprobe: note: compiled again: %s\n", map_of_attach_points(entry)
                                                              ? "its counts are by attach point"
                                                              : "the C differs for this probe");
    return NULL;
}
