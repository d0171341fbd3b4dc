/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session entries, each under its number: find, name, start, pause and end them. A program is
 * brought up whole (compiled, its outputs read, attached) before anything that runs is ended; if a
 * step fails, everything stays as it was.
 */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "screen.h"
#include "source.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

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

/* ------------------------------------------------------------------ finding */

static struct entry *find_number(const struct prompt *prompt, uint64_t number) {
    for (size_t i = 0; i < prompt->entries.count; i++)
        if (prompt->entries.items[i]->number == number)
            return prompt->entries.items[i];
    return NULL;
}

struct rp_error *entry_find(const struct prompt *prompt, const char *number, struct entry **out) {
    uint64_t wanted = 0;
    size_t count = prompt->entries.count;
    bool is_last = number && strcmp(number, "last") == 0;
    *out = NULL;
    if (count && (is_last || (!number && count == 1))) {
        *out = prompt->entries.items[count - 1];
        return NULL;
    }
    if (number && rp_parse_count(number, UINT32_MAX, &wanted))
        *out = find_number(prompt, wanted);
    if (*out)
        return NULL;
    struct rp_error *err =
        number ? rp_error_new(ENOENT, "no program has that number", "cannot find `%s`", number)
               : rp_error_new(EINVAL,
                              count ? "no number was given, and there are several programs"
                                    : "there are no programs",
                              "cannot find a program");
    if (!count)
        return rp_error_hint_set(err, "ask something, such as: trace sched_switch");
    char list[256] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof(list) - 16; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", i ? ", " : "",
                                 prompt->entries.items[i]->number);
    return rp_error_hint_set(err, "give one of %s; `probes` describes them", list);
}

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

static void free_names(struct entry *entry) {
    for (size_t i = 0; i < entry->names.count; i++)
        rp_texts_clear(&entry->names.items[i]);
    rp_vec_clear(&entry->names);
}

/* Its text, and what belongs to that. */
static void free_text(struct entry *entry) {
    rp_schema_free(entry->schema);
    rp_texts_clear(&entry->settings);
    free(entry->text);
    free(entry->neutral);
    free(entry->title);
}

static void free_entry(struct entry *entry) {
    output_free(entry->outputs, entry->output_count);
    rp_stack_free(entry->stack);
    free_names(entry);
    free_text(entry);
    rp_question_free(entry->question);
    rp_vec_clear(&entry->probes);
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

static struct rp_error *take_names(const struct rp_probe *probe, struct rp_texts *names) {
    for (size_t i = 0; i < rp_probe_match_count(probe); i++) {
        const char *attach_point = rp_probe_match(probe, i);
        if (!rp_texts_add(names, strdup(attach_point ? attach_point : "?")))
            return rp_error_nomem();
    }
    return NULL;
}

struct rp_error *entry_take_names(struct entry *entry) {
    free_names(entry);
    for (size_t i = 0; i < entry->probes.count; i++) {
        struct rp_texts *names = rp_vec_add(&entry->names);
        if (!names)
            return rp_error_nomem();
        RP_TRY(take_names(entry->probes.items[i], names));
    }
    return NULL;
}

/* ------------------------------------------------------------------ pausing */

const char *entry_state(const struct entry *entry) {
    return entry->ended ? "done" : entry->paused ? "paused" : "running";
}

struct rp_error *entry_pause(struct prompt *prompt, struct entry *entry) {
    for (size_t i = 0; i < entry->probes.count; i++)
        RP_TRY(rp_session_pause(prompt->session, entry->probes.items[i]));
    entry->paused = true;
    return NULL;
}

struct rp_error *entry_resume(struct prompt *prompt, struct entry *entry) {
    (void)prompt;
    for (size_t i = 0; i < entry->probes.count; i++)
        RP_TRY(rp_probe_resume(entry->probes.items[i]));
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
static struct rp_error *attach_words(const struct attach_points *attach_points, char ***words) {
    *words = calloc(attach_points->count + 1, sizeof(char *));
    for (size_t i = 0; *words && i < attach_points->count; i++)
        if (asprintf(&(*words)[i], "%s=%s", attach_points->items[i].function,
                     attach_points->items[i].spec) < 0)
            return (*words)[i] = NULL, rp_error_nomem();
    return *words ? NULL : rp_error_nomem();
}

static void free_words(char ***words) {
    for (size_t i = 0; *words && (*words)[i]; i++)
        free((*words)[i]);
    free(*words);
}

static struct rp_error *compile(struct prompt *prompt, struct entry *entry,
                                const struct attach_points *attach_points,
                                const struct rp_module *keep) {
    RP_AUTO(free_words) char **words = NULL;
    RP_TRY(attach_words(attach_points, &words));
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = entry->name,
                                         .path = entry->is_file ? entry->name : NULL,
                                         .attach = (const char *const *)words,
                                         .attach_count = attach_points->count,
                                         .movable = true,
                                         .keep_maps_of = keep,
                                         .settings = (const char *const *)entry->settings.items,
                                         .setting_count = entry->settings.count,
                                         .schema = entry->schema};
    return entry->text
               ? rp_session_compile(prompt->session, entry->text, &opts, &entry->module)
               : rp_session_compile_file(prompt->session, entry->name, &opts, &entry->module);
}

static struct rp_error *attach_one(struct prompt *prompt, struct entry *entry, const char *function,
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
    RP_AUTO(free_words) char **words = NULL;
    for (size_t i = 0; i < attach_points->count; i++)
        if (has_function(entry->module, attach_points->items[i].function))
            RP_TRY(attach_points_add(&present, attach_points->items[i].function,
                                     attach_points->items[i].spec));
    RP_TRY(attach_words(&present, &words));
    const struct rp_attach_opts opts = {.size = sizeof(opts),
                                        .attach = (const char *const *)words,
                                        .attach_count = present.count,
                                        .left_out = say_left_out,
                                        .attached = take_probe,
                                        .ctx = entry};
    RP_TRY(rp_session_attach_sections(prompt->session, entry->module, &opts, NULL));
    return entry_take_names(entry);
}

/* To `attach_points`, and each function that is not among them to what it names. An edited text may
 * have lost some of the functions that ran (`some`). */
static struct rp_error *attach_all(struct prompt *prompt, struct entry *entry,
                                   const struct attach_points *attach_points, bool some) {
    if (rp_module_has_sections(entry->module))
        return attach_sections(prompt, entry, attach_points);
    for (size_t i = 0; i < attach_points->count; i++)
        if (!some || has_function(entry->module, attach_points->items[i].function))
            RP_TRY(attach_one(prompt, entry, attach_points->items[i].function,
                              attach_points->items[i].spec));
    for (size_t i = 0; i < rp_module_function_count(entry->module); i++) {
        const char *function = rp_module_function_name(entry->module, i);
        if (is_listed(attach_points, function))
            continue;
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (spec)
            RP_TRY(attach_one(prompt, entry, function, spec));
    }
    return entry_take_names(entry);
}

static bool tells_stacks(const struct rp_map_schema *map) {
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
                                const struct rp_module *keep) {
    RP_TRY(rp_kernel_usable());
    RP_TRY(compile(prompt, entry, attach_points, keep));
    if (has_stacks(entry))
        RP_TRY(rp_stack_new(entry->module, &entry->stack));
    RP_TRY(output_read(prompt, entry));
    return attach_all(prompt, entry, attach_points, keep != NULL);
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
}

/* With room for it among what is held. */
static struct entry *new_entry(struct prompt *prompt, const char *name) {
    return rp_vec_reserve(&prompt->entries, 1) ? entry_new(prompt->last_number + 1, name) : NULL;
}

/* It runs: adds it to the entries. */
static void keep(struct prompt *prompt, struct entry *entry) {
    prompt->entries.items[prompt->entries.count++] = entry;
    prompt->last_number = entry->number;
    entry_print_title(entry);
    entry_print_notes(prompt, entry);
    start_command(prompt, entry);
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
    RP_TRY(attach_one(prompt, entry, function, spec));
    if (entry->paused)
        RP_TRY(rp_session_pause(prompt->session, entry->probes.items[entry->probes.count - 1]));
    RP_TRY(entry_take_names(entry));
    free(rp_take(entry->title));
    entry_print_title(entry);
    start_command(prompt, entry);
    return NULL;
}
