/* SPDX-License-Identifier: Apache-2.0 */
/* The session entries: questions and C programs that run, each under a number.
 *
 * A program is brought up whole (compiled, its outputs read, attached) before anything that runs is
 * ended; if a step fails, everything stays as it was.
 */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../source.h"
#include "output.h"
#include "screen.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ attach points */

struct rp_error *attach_points_add(struct attach_points *attach_points, const char *function,
                                   const char *spec) {
    struct attach_point *longer =
        reallocarray(attach_points->list, attach_points->count + 1, sizeof(*longer));
    if (!longer)
        return rp_error_nomem();
    attach_points->list = longer;
    struct attach_point attach_point = {.function = strdup(function), .spec = strdup(spec)};
    longer[attach_points->count++] = attach_point;
    return attach_point.function && attach_point.spec ? NULL : rp_error_nomem();
}

void attach_points_clear(struct attach_points *attach_points) {
    for (size_t i = 0; i < attach_points->count; i++) {
        free(attach_points->list[i].function);
        free(attach_points->list[i].spec);
    }
    free(attach_points->list);
    *attach_points = (struct attach_points){0};
}
#define AUTO_ATTACH_POINTS RP_AUTO(attach_points_clear) struct attach_points

struct rp_error *entry_attach_points(const struct entry *entry,
                                     struct attach_points *attach_points) {
    for (size_t i = 0; i < entry->probe_count; i++)
        RP_TRY(attach_points_add(attach_points, rp_probe_function(entry->probes[i]),
                                 rp_probe_spec(entry->probes[i])));
    return NULL;
}

/* ------------------------------------------------------------------ finding */

static struct entry *find_number(const struct prompt *prompt, uint64_t number) {
    for (size_t i = 0; i < prompt->entry_count; i++)
        if (prompt->entries[i]->number == number)
            return prompt->entries[i];
    return NULL;
}

struct rp_error *entry_find(const struct prompt *prompt, const char *number, struct entry **out) {
    uint64_t wanted = 0;
    size_t count = prompt->entry_count;
    bool is_last = number && strcmp(number, "last") == 0;
    *out = NULL;
    if (count && (is_last || (!number && count == 1))) {
        *out = prompt->entries[count - 1];
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
                                 prompt->entries[i]->number);
    return rp_error_hint_set(err, "give one of %s; `probes` describes them", list);
}

/* ------------------------------------------------------------------ freeing */

static void free_names(struct entry *entry) {
    for (size_t i = 0; i < entry->name_count; i++) {
        for (size_t n = 0; n < entry->names[i].count; n++)
            free(entry->names[i].list[n]);
        free(entry->names[i].list);
    }
    free(entry->names);
    entry->names = NULL;
    entry->name_count = 0;
}

static void free_text(struct entry *entry) {
    for (size_t i = 0; i < entry->header_count; i++)
        free(entry->headers[i]);
    free(entry->headers);
    free(entry->text);
    free(entry->neutral);
    free(entry->title);
}

static void entry_free(struct entry *entry) {
    output_free(entry->outputs, entry->output_count);
    rp_stack_free(entry->stack);
    free_names(entry);
    free_text(entry);
    rp_question_free(entry->question);
    free(entry->probes);
    free(entry->name);
    free(entry->draft);
    free(entry);
}

/* Ends all of its programs, then frees what we know of it. */
static void release(struct prompt *prompt, struct entry *entry) {
    if (entry->module)
        rp_session_remove(prompt->session, entry->module);
    entry_free(entry);
}

void entry_end(struct prompt *prompt, struct entry *entry) {
    size_t at = 0;
    while (prompt->entries[at] != entry)
        at++;
    release(prompt, entry);
    memmove(&prompt->entries[at], &prompt->entries[at + 1],
            (--prompt->entry_count - at) * sizeof(struct entry *));
}

void entry_forget_all(struct prompt *prompt) {
    for (size_t i = 0; i < prompt->entry_count; i++)
        entry_free(prompt->entries[i]);
    free(prompt->entries);
    prompt->entries = NULL;
    prompt->entry_count = 0;
}

/* ------------------------------------------------------------------ starting one */

static struct rp_error *check_limit(const struct prompt *prompt, const char *spec) {
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
        if (asprintf(&(*words)[i], "%s=%s", attach_points->list[i].function,
                     attach_points->list[i].spec) < 0)
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
                                         .attach = (const char *const *)words,
                                         .attach_count = attach_points->count,
                                         .movable = true,
                                         .keep_maps_of = keep};
    return rp_session_compile(prompt->session, entry->text, &opts, &entry->module);
}

static struct rp_error *open_stack(struct entry *entry) {
    return rp_module_map_fd(entry->module, "stacks") >= 0
               ? rp_stack_new(entry->module, "stacks", &entry->stack)
               : NULL;
}

static struct rp_error *take_names(const struct rp_probe *probe, struct names *names) {
    size_t count = rp_probe_match_count(probe);
    names->list = calloc(count + 1, sizeof(char *));
    if (!names->list)
        return rp_error_nomem();
    for (; names->count < count; names->count++) {
        const char *attach_point = rp_probe_match(probe, names->count);
        names->list[names->count] = strdup(attach_point ? attach_point : "?");
        if (!names->list[names->count])
            return rp_error_nomem();
    }
    return NULL;
}

/* Takes down by name where its probes are: they will have ended when that is needed. */
static struct rp_error *keep_match_names(struct entry *entry) {
    free_names(entry);
    entry->names = calloc(entry->probe_count + 1, sizeof(*entry->names));
    if (!entry->names)
        return rp_error_nomem();
    for (; entry->name_count < entry->probe_count; entry->name_count++)
        RP_TRY(take_names(entry->probes[entry->name_count], &entry->names[entry->name_count]));
    return NULL;
}

static struct rp_error *attach_one(struct prompt *prompt, struct entry *entry, const char *function,
                                   const char *spec) {
    struct rp_probe **longer =
        reallocarray(entry->probes, entry->probe_count + 1, sizeof(struct rp_probe *));
    if (!longer)
        return rp_error_nomem();
    entry->probes = longer;
    RP_TRY(check_limit(prompt, spec));
    RP_TRY(rp_session_attach(prompt->session, entry->module, function, spec,
                             &longer[entry->probe_count]));
    entry->probe_count++;
    return NULL;
}

static bool is_listed(const struct attach_points *attach_points, const char *function) {
    for (size_t i = 0; i < attach_points->count; i++)
        if (strcmp(attach_points->list[i].function, function) == 0)
            return true;
    return false;
}

static bool has_function(const struct rp_module *module, const char *name) {
    for (size_t i = 0; i < rp_module_function_count(module); i++)
        if (strcmp(rp_module_function_name(module, i), name) == 0)
            return true;
    return false;
}

/* To `places`, and each function that is not among them to what it names. An edited text may have
 * lost some of the functions that ran (`some`). */
static struct rp_error *attach_all(struct prompt *prompt, struct entry *entry,
                                   const struct attach_points *attach_points, bool some) {
    for (size_t i = 0; i < attach_points->count; i++)
        if (!some || has_function(entry->module, attach_points->list[i].function))
            RP_TRY(attach_one(prompt, entry, attach_points->list[i].function,
                              attach_points->list[i].spec));
    for (size_t i = 0; i < rp_module_function_count(entry->module); i++) {
        const char *function = rp_module_function_name(entry->module, i);
        if (is_listed(attach_points, function))
            continue;
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (spec)
            RP_TRY(attach_one(prompt, entry, function, spec));
    }
    return keep_match_names(entry);
}

/* Compiles held->text and makes it run. On an error nothing of it does. */
static struct rp_error *bring_up(struct prompt *prompt, struct entry *entry,
                                 const struct attach_points *attach_points,
                                 const struct rp_module *keep) {
    RP_TRY(rp_kernel_usable());
    RP_TRY(compile(prompt, entry, attach_points, keep));
    RP_TRY(open_stack(entry));
    RP_TRY(output_read(prompt, entry));
    return attach_all(prompt, entry, attach_points, keep != NULL);
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
    for (size_t i = 0; i < entry->probe_count; i++)
        fprintf(out, "%s %s", i ? "," : ":", rp_probe_spec(entry->probes[i]));
    if (!entry->probe_count)
        fprintf(out, ": not attached yet: use attach %u FUNCTION PROBE", entry->number);
    fclose(out);
    return text;
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

static void print_notes(const struct prompt *prompt, const struct entry *entry) {
    const char *note = rp_module_note(entry->module);
    if (note)
        prompt_say("%s\n", note);
    if (!entry->question)
        source_note_target(prompt->tool, entry->name, entry->module);
}

/* The command of -c waits until a program is there to see it. */
static void start_command(const struct prompt *prompt, const struct entry *entry) {
    if (prompt->terminal && entry->probe_count)
        rp_session_start_command(prompt->session);
}

/* ------------------------------------------------------------------ questions */

static bool has_target(const struct prompt *prompt) {
    const struct rp_session_opts *opts = &prompt->tool->session;
    const struct rp_target *target = &opts->target;
    return opts->command || target->pid || target->has_uid || target->comm || target->cgroup;
}

/* Takes over what was written; *places is where it is to be attached. */
static struct rp_error *take_generated(struct entry *entry, struct rp_generated *generated,
                                       struct attach_points *attach_points) {
    for (size_t i = 0; i < generated->attach_count; i++)
        RP_TRY(attach_points_add(attach_points, generated->attach[i].function,
                                 generated->attach[i].spec));
    free_text(entry);
    entry->text = rp_take(generated->text);
    entry->neutral = rp_take(generated->neutral);
    entry->title = rp_take(generated->title);
    entry->headers = rp_take(generated->headers);
    entry->header_count = generated->header_count;
    generated->header_count = 0;
    return NULL;
}

static void free_generated(struct rp_generated **generated) {
    rp_generated_free(*generated);
}
#define AUTO_WRITTEN RP_AUTO(free_generated) struct rp_generated *

static void say_note(const char *note) {
    if (note)
        prompt_say("reprobe: note: %s\n", note);
}

static struct entry *entry_new(struct prompt *prompt, const char *name) {
    struct entry **longer =
        reallocarray(prompt->entries, prompt->entry_count + 1, sizeof(struct entry *));
    if (!longer)
        return NULL;
    prompt->entries = longer;
    struct entry *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->number = prompt->last_number + 1;
    entry->name = strdup(name);
    if (entry->name)
        return entry;
    free(entry);
    return NULL;
}

/* It runs: adds it to the entries. */
static void keep(struct prompt *prompt, struct entry *entry) {
    prompt->entries[prompt->entry_count++] = entry;
    prompt->last_number = entry->number;
    entry_print_title(entry);
    print_notes(prompt, entry);
    start_command(prompt, entry);
}

static struct rp_error *ask(struct prompt *prompt, struct entry *entry) {
    AUTO_WRITTEN generated = NULL;
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(rp_question_generate(entry->question, &generated));
    RP_TRY(take_generated(entry, generated, &attach_points));
    for (size_t i = 0; i < attach_points.count; i++)
        RP_TRY(check_limit(prompt, attach_points.list[i].spec));
    RP_TRY(bring_up(prompt, entry, &attach_points, NULL));
    say_note(generated->note);
    return NULL;
}

struct rp_error *entry_ask(struct prompt *prompt, struct rp_question *question) {
    char name[32];
    snprintf(name, sizeof(name), "%u.c", prompt->last_number + 1);
    struct entry *entry = entry_new(prompt, name);
    if (!entry) {
        rp_question_free(question);
        return rp_error_nomem();
    }
    entry->question = question;
    question->ask_target = has_target(prompt);
    struct rp_error *err = ask(prompt, entry);
    if (err)
        release(prompt, entry);
    else
        keep(prompt, entry);
    return err;
}

struct rp_error *entry_load_at(struct prompt *prompt, const char *name, const char *text,
                               const struct attach_points *attach_points) {
    struct entry *entry = entry_new(prompt, name);
    if (!entry)
        return rp_error_nomem();
    entry->text = strdup(text);
    struct rp_error *err =
        entry->text ? bring_up(prompt, entry, attach_points, NULL) : rp_error_nomem();
    if (err)
        release(prompt, entry);
    else
        keep(prompt, entry);
    return err;
}

struct rp_error *entry_load(struct prompt *prompt, const char *name, const char *text) {
    return entry_load_at(prompt, name, text, &(struct attach_points){0});
}

struct rp_error *entry_attach(struct prompt *prompt, struct entry *entry, const char *function,
                              const char *spec) {
    RP_TRY(attach_one(prompt, entry, function, spec));
    if (entry->paused)
        RP_TRY(rp_session_pause(prompt->session, entry->probes[entry->probe_count - 1]));
    RP_TRY(keep_match_names(entry));
    free(rp_take(entry->title));
    entry_print_title(entry);
    start_command(prompt, entry);
    return NULL;
}

/* ------------------------------------------------------------------ replacing and moving */

/* What will run in place of `held`, with as much as that tells of it. */
static struct entry *successor(const struct entry *entry, const char *text) {
    struct entry *next = calloc(1, sizeof(*next));
    if (!next)
        return NULL;
    next->number = entry->number;
    next->paused = entry->paused;
    next->name = strdup(entry->name);
    next->text = strdup(text);
    if (next->name && next->text)
        return next;
    entry_free(next);
    return NULL;
}

/* `next` runs from now on, and what `held` was is used up; on an error `held` runs on, and `next`
 * is used up. Both are live for a moment, so that nothing is missed. */
static struct rp_error *replace(struct prompt *prompt, struct entry *entry, struct entry *next,
                                const struct attach_points *attach_points) {
    struct rp_error *err = bring_up(prompt, next, attach_points, entry->module);
    for (size_t i = 0; !err && next->paused && i < next->probe_count; i++)
        err = rp_session_pause(prompt->session, next->probes[i]);
    if (!err) {
        /* At once, where the rest of its end takes a while: at the same place both would count. */
        for (size_t i = 0; !entry->paused && i < entry->probe_count; i++)
            rp_error_free(rp_session_pause(prompt->session, entry->probes[i]));
        struct entry old = *entry;
        *entry = *next;
        *next = old;
        output_give(entry);
    }
    release(prompt, next);
    return err;
}

struct rp_error *entry_replace(struct prompt *prompt, struct entry *entry, const char *text) {
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(entry_attach_points(entry, &attach_points));
    struct entry *next = successor(entry, text);
    if (!next)
        return rp_error_nomem();
    RP_TRY(replace(prompt, entry, next, &attach_points));
    print_notes(prompt, entry);
    return NULL;
}

/* To the places that were written, without a compile; those of several that had moved go back. */
static struct rp_error *move_all(struct prompt *prompt, struct entry *entry,
                                 const struct attach_points *attach_points) {
    AUTO_ATTACH_POINTS before = {0};
    RP_TRY(entry_attach_points(entry, &before));
    struct rp_error *err = NULL;
    size_t moved = 0;
    for (; !err && moved < attach_points->count; moved++) {
        err = check_limit(prompt, attach_points->list[moved].spec);
        if (!err)
            err = rp_session_move(prompt->session, entry->probes[moved],
                                  attach_points->list[moved].spec);
    }
    for (size_t i = 0; err && i + 1 < moved; i++)
        rp_error_free(rp_session_move(prompt->session, entry->probes[i], before.list[i].spec));
    return err ? err : keep_match_names(entry);
}

/* With the same C: the places alone are new. */
static struct rp_error *move_question(struct prompt *prompt, struct entry *entry,
                                      struct rp_generated *generated,
                                      const struct attach_points *attach_points) {
    RP_TRY(move_all(prompt, entry, attach_points));
    free(entry->text);
    free(entry->title);
    entry->text = rp_take(generated->text);
    entry->title = rp_take(generated->title);
    return NULL;
}

static struct rp_error *rewrite_question(struct prompt *prompt, struct entry *entry,
                                         struct rp_generated *generated) {
    AUTO_ATTACH_POINTS attach_points = {0};
    struct entry *next = successor(entry, generated->text);
    if (!next)
        return rp_error_nomem();
    struct rp_error *err = take_generated(next, generated, &attach_points);
    if (err) {
        entry_free(next);
        return err;
    }
    struct rp_question *question = rp_take(entry->question);
    err = replace(prompt, entry, next, &attach_points);
    entry->question = question;
    return err;
}

/* Asks the same of the question's (one) place as it is now: moved when its C is the same there,
 * else written anew. *moved tells which. */
static struct rp_error *ask_elsewhere(struct prompt *prompt, struct entry *entry, bool *moved) {
    AUTO_WRITTEN generated = NULL;
    AUTO_ATTACH_POINTS attach_points = {0};
    RP_TRY(rp_question_generate(entry->question, &generated));
    for (size_t i = 0; i < generated->attach_count; i++)
        RP_TRY(attach_points_add(&attach_points, generated->attach[i].function,
                                 generated->attach[i].spec));
    say_note(generated->note);
    *moved = entry->neutral && generated->neutral && !strcmp(entry->neutral, generated->neutral) &&
             attach_points.count == entry->probe_count;
    if (*moved) {
        struct rp_error *err = move_question(prompt, entry, generated, &attach_points);
        if (!err)
            return NULL;
        rp_error_free(err); /* the probe needs another program type: load a program for it */
    }
    *moved = false;
    return rewrite_question(prompt, entry, generated);
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

static struct rp_error *move_code(struct prompt *prompt, struct entry *entry, const char *spec) {
    if (entry->probe_count != 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, entry->probe_count ? "it has several probes" : "it has no probe",
                         "cannot move [%u]", entry->number),
            "use attach %u FUNCTION PROBE to add one", entry->number);
    RP_TRY(check_limit(prompt, spec));
    RP_TRY(rp_session_move(prompt->session, entry->probes[0], spec));
    free(rp_take(entry->title));
    return keep_match_names(entry);
}

struct rp_error *entry_move(struct prompt *prompt, struct entry *entry, const char *word) {
    RP_AUTO_FREE char *spec = NULL, *note = NULL;
    RP_TRY(rp_question_spec(word, &spec, &note));
    bool moved = true;
    say_note(note);
    if (entry->question) {
        RP_TRY(move_to(prompt, entry, spec, &moved));
        spec = NULL;
    } else {
        RP_TRY(move_code(prompt, entry, spec));
    }
    entry_print_title(entry);
    if (!moved)
        prompt_say("reprobe: note: compiled again: the C differs for this probe\n");
    return NULL;
}

/* ------------------------------------------------------------------ pausing */

struct rp_error *entry_pause(struct prompt *prompt, struct entry *entry) {
    for (size_t i = 0; i < entry->probe_count; i++)
        RP_TRY(rp_session_pause(prompt->session, entry->probes[i]));
    entry->paused = true;
    return NULL;
}

struct rp_error *entry_resume(struct prompt *prompt, struct entry *entry) {
    (void)prompt;
    for (size_t i = 0; i < entry->probe_count; i++)
        RP_TRY(rp_probe_resume(entry->probes[i]));
    entry->paused = false;
    output_resumed(entry);
    return NULL;
}

bool entry_pause_rows(struct prompt *prompt) {
    bool any = false;
    for (size_t i = 0; i < prompt->entry_count; i++) {
        struct entry *entry = prompt->entries[i];
        if (entry->paused || !output_scrolls(entry))
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
