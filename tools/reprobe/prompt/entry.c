/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session entries, each under its number: name, start, pause and end them. A program is
 * brought up whole (compiled, its outputs read, attached) before anything that runs is ended; if a
 * step fails, everything stays as it was.
 */
#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "screen.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "verbs/verbs.h"

/* ------------------------------------------------------------------ making and freeing */

struct entry *entry_new(unsigned number, const char *name) {
    struct entry *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->number = number;
    entry->name = strdup(name);
    if (entry->name)
        return entry;
    free(entry);
    return NULL;
}

/* Its text, and what belongs to that. */
static void free_text(struct entry *entry) {
    rp_schema_free(entry->schema);
    rp_text_pieces_free(entry->pieces, entry->piece_count);
    rp_texts_clear(&entry->settings);
    free(entry->text);
    free(entry->neutral);
    free(entry->title);
}

static void free_entry(struct entry *entry) {
    interval_free(entry->interval);
    output_free(entry->outputs, entry->output_count);
    rp_stack_free(entry->stack);
    entry_free_names(entry);
    free_text(entry);
    rp_question_free(entry->question);
    rp_vec_clear(&entry->probes);
    rp_vec_clear(&entry->told);
    free(entry->name);
    free(entry->draft);
    free(entry);
}

void entry_end(struct prompt *prompt, struct entry *entry) {
    size_t at = 0;
    while (at < prompt->entries.count && prompt->entries.items[at] != entry)
        at++;
    if (at < prompt->entries.count)
        rp_vec_remove(&prompt->entries, at);
    if (entry->module)
        rp_session_remove(prompt->session, entry->module);
    free_entry(entry);
}

void entry_forget_all(struct prompt *prompt) {
    for (size_t i = 0; i < prompt->entries.count; i++)
        free_entry(prompt->entries.items[i]);
    rp_vec_clear(&prompt->entries);
}

/* ------------------------------------------------------------------ titles and notes */

char *entry_line(const struct entry *entry) {
    return entry->question ? rp_question_line(entry->question) : strdup(entry->name);
}

/* The title of a C program: its name, and where it is attached. */
static char *title_of_code(const struct entry *entry) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs(entry->name, out);
    for (size_t i = 0; i < entry->probes.count; i++)
        fprintf(out, "%s %s", i ? "," : ":", rp_probe_spec(entry->probes.items[i]));
    if (!entry->probes.count)
        fprintf(out, ": not attached yet: use attach %u FUNCTION PROBE", entry->number);
    fclose(out);
    return text;
}

bool entry_copy_settings(struct entry *entry, const struct rp_texts *settings) {
    for (size_t i = 0; i < settings->count; i++)
        if (!rp_texts_add(&entry->settings, strdup(settings->items[i])))
            return false;
    return true;
}

struct rp_error *entry_text(const struct entry *entry, const char **text) {
    *text = entry->text;
    if (*text)
        return NULL;
    return rp_error_hint_set(rp_error_new(ENOENT, "it was loaded from an object file",
                                          "cannot show the C of [%u]", entry->number),
                             "load its source instead: load FILE.bpf.c");
}

void entry_print_title(const struct entry *entry) {
    RP_AUTO_FREE char *of_code = entry->title ? NULL : title_of_code(entry);
    const char *title = entry->title ? entry->title : of_code;
    RP_AUTO_FREE char *line = NULL;
    if (asprintf(&line, "[%u] %s", entry->number, title ? title : entry->name) < 0)
        return;
    prompt_say("%s", screen_talk_colour(COLOUR_NUMBER));
    screen_wrap(stderr, line, 4);
    fputs(screen_talk_colour(COLOUR_NONE), stderr);
}

void entry_print_notes(const struct prompt *prompt, const struct entry *entry) {
    const char *note = rp_module_note(entry->module);
    if (note)
        prompt_say("%s\n", note);
    if (!entry->question)
        rp_tool_note_target(prompt->tool, entry->name, entry->module);
}

/* ------------------------------------------------------------------ pausing */

const char *entry_state(const struct entry *entry) {
    return entry->ended ? "done" : entry->paused ? "paused" : "running";
}

struct rp_error *entry_pause_probes(struct prompt *prompt, struct entry *entry) {
    for (size_t i = 0; i < entry->probes.count; i++)
        RP_TRY(rp_session_pause(prompt->session, entry->probes.items[i]));
    return NULL;
}

struct rp_error *entry_resume_probes(struct prompt *prompt, struct entry *entry) {
    for (size_t i = entry->probes.count; i-- > 0;)
        RP_TRY(rp_session_resume(prompt->session, entry->probes.items[i]));
    return NULL;
}

struct rp_error *entry_pause(struct prompt *prompt, struct entry *entry) {
    RP_TRY(entry_pause_probes(prompt, entry));
    entry->paused = true;
    return NULL;
}

struct rp_error *entry_resume(struct prompt *prompt, struct entry *entry) {
    if (until_reached(entry))
        return rp_error_hint_set(rp_error_new(EINVAL, "it has taken all the events that it was to",
                                              "cannot resume [%u]", entry->number),
                                 "ask it again");
    RP_TRY(entry_resume_probes(prompt, entry));
    entry->paused = false;
    output_resumed(entry);
    return NULL;
}

bool entry_pause_rows(struct prompt *prompt) {
    bool any = false;
    for (size_t i = 0; i < prompt->entries.count; i++) {
        struct entry *entry = prompt->entries.items[i];
        if (entry->paused || entry->ended || !output_scrolls(entry))
            continue;
        struct rp_error *err = entry_pause(prompt, entry);
        if (err)
            prompt_fail(prompt, err);
        else
            prompt_say("[%u] paused; `resume %u` resumes it\n", entry->number, entry->number);
        any = true;
    }
    return any;
}

/* ------------------------------------------------------------------ starting one */

#define UNSAFE_HINT "`unsafe` allows it: say that, then load it again"

static bool attaches_elsewhere(const struct entry *before, const struct attach_points *now) {
    bool same = before->probes.count == now->count;
    for (size_t i = 0; same && i < now->count; i++)
        same = strcmp(rp_probe_spec(before->probes.items[i]), now->items[i].spec) == 0;
    return !same;
}

static struct rp_error *compile(struct prompt *prompt, struct entry *entry,
                                const struct attach_points *attach_points,
                                const struct entry *before) {
    RP_AUTO(entry_free_words) char **words = NULL;
    RP_TRY(entry_attach_words(attach_points, &words));
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = entry->name,
                                         .path = entry->is_file ? entry->name : NULL,
                                         .attach = (const char *const *)words,
                                         .attach_count = attach_points->count,
                                         .movable = true,
                                         .keep_maps_of = before ? before->module : NULL,
                                         .attaches_elsewhere =
                                             before && attaches_elsewhere(before, attach_points),
                                         .settings = (const char *const *)entry->settings.items,
                                         .setting_count = entry->settings.count,
                                         .schema = entry->schema,
                                         .read_only = prompt->unsafe ? NULL : UNSAFE_HINT};
    return entry->text
               ? rp_session_compile(prompt->session, entry->text, &opts, &entry->module)
               : rp_session_compile_file(prompt->session, entry->name, &opts, &entry->module);
}

static bool tells_stacks(const struct rp_map_schema *map) {
    if (map->means == RP_MEANS_PROCESSES)
        return true;
    for (size_t i = 0; i < map->member_count; i++)
        if (map->members[i].stacks)
            return true;
    return false;
}

/* Whether its rows or its maps have stacks: as its schema says, or as it was inferred. */
static bool has_stacks(const struct entry *entry) {
    const struct rp_module *module = entry->module;
    for (size_t i = 0; entry->schema && i < entry->schema->map_count; i++)
        if (tells_stacks(&entry->schema->maps[i]))
            return true;
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        if (tells_stacks(rp_module_map_schema(module, rp_module_map_name(module, i))))
            return true;
    return false;
}

struct rp_error *entry_bring_up(struct prompt *prompt, struct entry *entry,
                                const struct attach_points *attach_points,
                                const struct entry *before) {
    RP_TRY(rp_kernel_usable());
    RP_TRY(compile(prompt, entry, attach_points, before));
    if (has_stacks(entry))
        RP_TRY(rp_stack_new(entry->module, &entry->stack));
    RP_TRY(output_read(prompt, entry));
    return entry_attach_all(prompt, entry, attach_points, before != NULL);
}

/* The command of -c waits until a program is there to see it. */
static void start_command(const struct prompt *prompt, const struct entry *entry) {
    if (prompt->terminal && entry->probes.count)
        rp_session_start_command(prompt->session);
}

/* ------------------------------------------------------------------ questions */

static bool has_target(const struct prompt *prompt) {
    const struct rp_target *target = prompt->tool->target;
    return prompt->tool->session->command || target->pid || target->has_uid || target->comm ||
           target->cgroup;
}

struct rp_error *entry_generate(const struct entry *entry, struct rp_generated **generated,
                                struct attach_points *attach_points) {
    RP_TRY(rp_question_generate(entry->question, generated));
    for (size_t i = 0; i < (*generated)->attach_count; i++)
        RP_TRY(attach_points_add(attach_points, (*generated)->attach[i].function,
                                 (*generated)->attach[i].spec));
    return NULL;
}

void entry_take_generated(struct entry *entry, struct rp_generated *generated) {
    free_text(entry);
    entry->text = rp_take(generated->text);
    entry->neutral = rp_take(generated->neutral);
    entry->title = rp_take(generated->title);
    entry->schema = rp_take(generated->schema);
    entry->pieces = rp_take(generated->pieces);
    entry->piece_count = generated->piece_count;
}

/* With room for it among what is held. */
static struct entry *new_entry(struct prompt *prompt, const char *name) {
    return rp_vec_reserve(&prompt->entries, 1) ? entry_new(prompt->last_number + 1, name) : NULL;
}

static bool answers_often(const struct entry *entry) {
    return entry->question && (entry->question->every_ns || entry->question->verb == RP_VERB_TOP);
}

/* At a terminal `top` is drawn in place. */
static struct rp_error *answer_often(struct prompt *prompt, struct entry *entry) {
    const struct rp_question *question = entry->question;
    if (question->verb != RP_VERB_TOP || !prompt->terminal)
        return interval_start(prompt, entry);
    char number[16];
    snprintf(number, sizeof(number), "%u", entry->number);
    return watch_start(
        prompt, &(struct watch_opts){.word = number,
                                     .every_ns = question->every_ns,
                                     .top = question->top ? (size_t)question->top : INTERVAL_TOP});
}

/* Of a pattern: how many matches it has, and how many cannot be had. */
static void print_matches(const struct entry *entry) {
    size_t matches = 0, left_out = 0;
    for (size_t i = 0; i < entry->probes.count; i++)
        if (rp_probe_is_pattern(rp_probe_spec(entry->probes.items[i]))) {
            matches += rp_probe_match_count(entry->probes.items[i]);
            left_out += rp_probe_left_out(entry->probes.items[i]);
        }
    if (matches)
        prompt_say("    %zu match%s", matches, matches == 1 ? "" : "es");
    if (left_out)
        prompt_say("; %zu more cannot be probed", left_out);
    if (matches)
        prompt_say("\n");
}

/* It runs: adds it to the entries. */
static void keep(struct prompt *prompt, struct entry *entry) {
    prompt->entries.items[prompt->entries.count++] = entry;
    prompt->last_number = entry->number;
    entry_print_title(entry);
    print_matches(entry);
    entry_print_notes(prompt, entry);
    entry_print_how(prompt, entry);
    struct rp_error *err = until_watch(prompt, entry);
    if (!err && answers_often(entry))
        err = answer_often(prompt, entry);
    if (err)
        prompt_fail(prompt, err);
    start_command(prompt, entry);
}

static void note_unseen(const struct prompt *prompt, const char *spec) {
    RP_AUTO_FREE char *note =
        prompt->tool->session->command ? NULL : rp_probe_note(spec, prompt->tool->target->pid);
    prompt_note(note);
}

/* Once: that of another probe differs in the file at most. */
void entry_note_probes(const struct attach_points *attach_points) {
    RP_AUTO_FREE char *risk = NULL;
    for (size_t i = 0; !risk && i < attach_points->count; i++)
        risk = rp_probe_risk(attach_points->items[i].spec);
    prompt_note(risk);
    RP_AUTO_FREE char *unseen = NULL;
    for (size_t i = 0; !unseen && i < attach_points->count; i++)
        unseen = rp_probe_unseen(attach_points->items[i].spec);
    prompt_note(unseen);
}

static struct rp_error *ask(struct prompt *prompt, struct entry *entry) {
    AUTO_GENERATED generated = NULL;
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(entry_generate(entry, &generated, &attach_points));
    entry_take_generated(entry, generated);
    for (size_t i = 0; i < attach_points.count; i++)
        RP_TRY(entry_check_limit(prompt, attach_points.items[i].spec));
    RP_TRY(entry_bring_up(prompt, entry, &attach_points, NULL));
    prompt_note(generated->note);
    entry_note_probes(&attach_points);
    if (attach_points.count) /* always: the entry and the return of one thing have the same note */
        note_unseen(prompt, attach_points.items[0].spec);
    return NULL;
}

struct rp_error *entry_ask(struct prompt *prompt, struct rp_question *question) {
    char name[32];
    snprintf(name, sizeof(name), "%u.c", prompt->last_number + 1);
    struct entry *entry = new_entry(prompt, name);
    if (!entry) {
        rp_question_free(question);
        return rp_error_nomem();
    }
    entry->question = question;
    question->ask_target = has_target(prompt);
    question->skip_self = !prompt->with_self && !prompt->tool->session->command;
    question->types = prompt->types ? strdup(prompt->types) : NULL;
    struct rp_error *err = ask(prompt, entry);
    if (err)
        entry_end(prompt, entry);
    else
        keep(prompt, entry);
    return err;
}

struct rp_error *entry_load(struct prompt *prompt, const struct entry_source *source) {
    struct entry *entry = new_entry(prompt, source->name);
    if (!entry)
        return rp_error_nomem();
    entry->is_file = source->is_file;
    entry->text = source->text ? strdup(source->text) : NULL;
    bool whole = entry_copy_settings(entry, &source->settings) && (entry->text || !source->text);
    struct rp_error *err =
        whole ? entry_bring_up(prompt, entry, &source->attach_points, NULL) : rp_error_nomem();
    if (err)
        entry_end(prompt, entry);
    else
        keep(prompt, entry);
    return err;
}

struct rp_error *entry_attach(struct prompt *prompt, struct entry *entry, const char *function,
                              const char *spec) {
    RP_TRY(entry_attach_one(prompt, entry, function, spec));
    if (entry->paused)
        RP_TRY(rp_session_pause(prompt->session, entry->probes.items[entry->probes.count - 1]));
    RP_TRY(entry_take_names(entry));
    free(rp_take(entry->title));
    entry_print_title(entry);
    start_command(prompt, entry);
    return NULL;
}
