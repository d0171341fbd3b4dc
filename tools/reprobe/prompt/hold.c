/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the prompt holds: questions and C programs that run, each under a number.
 *
 * A program is brought up whole (compiled, its outputs read, attached) before anything that runs is
 * let go; what fails on the way leaves everything as it was.
 */
#include "hold.h"

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

/* ------------------------------------------------------------------ places */

struct rp_error *places_add(struct places *places, const char *function, const char *spec) {
    struct place *longer = reallocarray(places->list, places->count + 1, sizeof(*longer));
    if (!longer)
        return rp_error_nomem();
    places->list = longer;
    struct place place = {.function = strdup(function), .spec = strdup(spec)};
    longer[places->count++] = place;
    return place.function && place.spec ? NULL : rp_error_nomem();
}

void places_clear(struct places *places) {
    for (size_t i = 0; i < places->count; i++) {
        free(places->list[i].function);
        free(places->list[i].spec);
    }
    free(places->list);
    *places = (struct places){0};
}
#define AUTO_PLACES RP_AUTO(places_clear) struct places

struct rp_error *held_places(const struct held *held, struct places *places) {
    for (size_t i = 0; i < held->probe_count; i++)
        RP_TRY(
            places_add(places, rp_probe_function(held->probes[i]), rp_probe_spec(held->probes[i])));
    return NULL;
}

/* ------------------------------------------------------------------ finding */

static struct held *find_number(const struct prompt *prompt, uint64_t number) {
    for (size_t i = 0; i < prompt->held_count; i++)
        if (prompt->held[i]->number == number)
            return prompt->held[i];
    return NULL;
}

struct rp_error *held_find(const struct prompt *prompt, const char *number, struct held **out) {
    uint64_t wanted = 0;
    size_t count = prompt->held_count;
    bool is_last = number && strcmp(number, "last") == 0;
    *out = NULL;
    if (count && (is_last || (!number && count == 1))) {
        *out = prompt->held[count - 1];
        return NULL;
    }
    if (number && rp_parse_count(number, UINT32_MAX, &wanted))
        *out = find_number(prompt, wanted);
    if (*out)
        return NULL;
    struct rp_error *err =
        number
            ? rp_error_new(ENOENT, "nothing is held under that number", "cannot find `%s`", number)
            : rp_error_new(EINVAL, count ? "several are held" : "nothing is held", "which one?");
    if (!count)
        return rp_error_hint_set(err, "ask something, such as: trace sched_switch");
    char list[256] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof(list) - 16; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", i ? ", " : "",
                                 prompt->held[i]->number);
    return rp_error_hint_set(err, "one of %s; `probes` tells what they are", list);
}

/* ------------------------------------------------------------------ freeing */

static void free_names(struct held *held) {
    for (size_t i = 0; i < held->name_count; i++) {
        for (size_t n = 0; n < held->names[i].count; n++)
            free(held->names[i].list[n]);
        free(held->names[i].list);
    }
    free(held->names);
    held->names = NULL;
    held->name_count = 0;
}

static void free_text(struct held *held) {
    for (size_t i = 0; i < held->header_count; i++)
        free(held->headers[i]);
    free(held->headers);
    free(held->text);
    free(held->neutral);
    free(held->title);
}

static void held_free(struct held *held) {
    output_free(held->outputs, held->output_count);
    rp_stack_free(held->stack);
    free_names(held);
    free_text(held);
    rp_question_free(held->question);
    free(held->probes);
    free(held->name);
    free(held->draft);
    free(held);
}

/* Ends all that runs of it, and then what we know of it. */
static void let_go(struct prompt *prompt, struct held *held) {
    if (held->module)
        rp_session_remove(prompt->session, held->module);
    held_free(held);
}

void held_end(struct prompt *prompt, struct held *held) {
    size_t at = 0;
    while (prompt->held[at] != held)
        at++;
    let_go(prompt, held);
    memmove(&prompt->held[at], &prompt->held[at + 1],
            (--prompt->held_count - at) * sizeof(struct held *));
}

void held_forget_all(struct prompt *prompt) {
    for (size_t i = 0; i < prompt->held_count; i++)
        held_free(prompt->held[i]);
    free(prompt->held);
    prompt->held = NULL;
    prompt->held_count = 0;
}

/* ------------------------------------------------------------------ bringing one up */

static struct rp_error *check_limit(const struct prompt *prompt, const char *spec) {
    size_t count;
    bool at_once;
    if (!rp_probe_is_pattern(spec))
        return NULL;
    RP_TRY(rp_probe_count(spec, &count, &at_once));
    uint64_t limit = prompt->limit ? prompt->limit
                     : at_once     ? HELD_LIMIT_AT_ONCE
                                   : HELD_LIMIT_ONE_BY_ONE;
    if (count <= limit)
        return NULL;
    char why[160];
    snprintf(why, sizeof(why), "%zu places match, and the limit is %" PRIu64 "%s", count, limit,
             at_once ? "" : " (here they are attached one after another)");
    return rp_error_hint_set(rp_error_new(E2BIG, why, "cannot attach %s", spec),
                             "narrow it down, or allow that many: limit %zu", count);
}

/* "FUNCTION=PROBE" of each, as compiling wants to know them. */
static struct rp_error *attach_words(const struct places *places, char ***words) {
    *words = calloc(places->count + 1, sizeof(char *));
    for (size_t i = 0; *words && i < places->count; i++)
        if (asprintf(&(*words)[i], "%s=%s", places->list[i].function, places->list[i].spec) < 0)
            return (*words)[i] = NULL, rp_error_nomem();
    return *words ? NULL : rp_error_nomem();
}

static void free_words(char ***words) {
    for (size_t i = 0; *words && (*words)[i]; i++)
        free((*words)[i]);
    free(*words);
}

static struct rp_error *compile(struct prompt *prompt, struct held *held,
                                const struct places *places, const struct rp_module *keep) {
    RP_AUTO(free_words) char **words = NULL;
    RP_TRY(attach_words(places, &words));
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = held->name,
                                         .attach = (const char *const *)words,
                                         .attach_count = places->count,
                                         .movable = true,
                                         .keep_maps_of = keep};
    return rp_session_compile(prompt->session, held->text, &opts, &held->module);
}

static struct rp_error *open_stack(struct held *held) {
    return rp_module_map_fd(held->module, "stacks") >= 0
               ? rp_stack_new(held->module, "stacks", &held->stack)
               : NULL;
}

static struct rp_error *take_names(const struct rp_probe *probe, struct names *names) {
    size_t count = rp_probe_place_count(probe);
    names->list = calloc(count + 1, sizeof(char *));
    if (!names->list)
        return rp_error_nomem();
    for (; names->count < count; names->count++) {
        const char *place = rp_probe_place(probe, names->count);
        names->list[names->count] = strdup(place ? place : "?");
        if (!names->list[names->count])
            return rp_error_nomem();
    }
    return NULL;
}

/* Takes down by name where its probes are: they will have ended when that is needed. */
static struct rp_error *keep_place_names(struct held *held) {
    free_names(held);
    held->names = calloc(held->probe_count + 1, sizeof(*held->names));
    if (!held->names)
        return rp_error_nomem();
    for (; held->name_count < held->probe_count; held->name_count++)
        RP_TRY(take_names(held->probes[held->name_count], &held->names[held->name_count]));
    return NULL;
}

static struct rp_error *attach_one(struct prompt *prompt, struct held *held, const char *function,
                                   const char *spec) {
    struct rp_probe **longer =
        reallocarray(held->probes, held->probe_count + 1, sizeof(struct rp_probe *));
    if (!longer)
        return rp_error_nomem();
    held->probes = longer;
    RP_TRY(check_limit(prompt, spec));
    RP_TRY(rp_session_attach(prompt->session, held->module, function, spec,
                             &longer[held->probe_count]));
    held->probe_count++;
    return NULL;
}

static bool is_listed(const struct places *places, const char *function) {
    for (size_t i = 0; i < places->count; i++)
        if (strcmp(places->list[i].function, function) == 0)
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
static struct rp_error *attach_all(struct prompt *prompt, struct held *held,
                                   const struct places *places, bool some) {
    for (size_t i = 0; i < places->count; i++)
        if (!some || has_function(held->module, places->list[i].function))
            RP_TRY(attach_one(prompt, held, places->list[i].function, places->list[i].spec));
    for (size_t i = 0; i < rp_module_function_count(held->module); i++) {
        const char *function = rp_module_function_name(held->module, i);
        if (is_listed(places, function))
            continue;
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (spec)
            RP_TRY(attach_one(prompt, held, function, spec));
    }
    return keep_place_names(held);
}

/* Compiles held->text and makes it run. On an error nothing of it does. */
static struct rp_error *bring_up(struct prompt *prompt, struct held *held,
                                 const struct places *places, const struct rp_module *keep) {
    RP_TRY(rp_kernel_usable());
    RP_TRY(compile(prompt, held, places, keep));
    RP_TRY(open_stack(held));
    RP_TRY(output_read(prompt, held));
    return attach_all(prompt, held, places, keep != NULL);
}

/* ------------------------------------------------------------------ what is told of it */

char *held_line(const struct held *held) {
    return held->question ? rp_question_line(held->question) : strdup(held->name);
}

/* Of C: its name, and where it is attached. */
static char *title_of_code(const struct held *held) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs(held->name, out);
    for (size_t i = 0; i < held->probe_count; i++)
        fprintf(out, "%s %s", i ? "," : ":", rp_probe_spec(held->probes[i]));
    if (!held->probe_count)
        fprintf(out, ": attached to nothing yet: attach %u FUNCTION PROBE", held->number);
    fclose(out);
    return text;
}

void held_print_title(const struct held *held) {
    RP_AUTO_FREE char *of_code = held->title ? NULL : title_of_code(held);
    const char *title = held->title ? held->title : of_code;
    RP_AUTO_FREE char *line = NULL;
    if (asprintf(&line, "[%u] %s", held->number, title ? title : held->name) < 0)
        return;
    prompt_say("%s", screen_talk_colour(COLOUR_NUMBER));
    screen_wrap(stderr, line, 4);
    fputs(screen_talk_colour(COLOUR_NONE), stderr);
}

static void print_notes(const struct prompt *prompt, const struct held *held) {
    const char *note = rp_module_note(held->module);
    if (note)
        prompt_say("%s\n", note);
    if (!held->question)
        source_note_target(prompt->tool, held->name, held->module);
}

/* The command of -c is held back until something sees it. */
static void start_command(const struct prompt *prompt, const struct held *held) {
    if (prompt->terminal && held->probe_count)
        rp_session_start_command(prompt->session);
}

/* ------------------------------------------------------------------ questions */

static bool has_target(const struct prompt *prompt) {
    const struct rp_session_opts *opts = &prompt->tool->session;
    const struct rp_target *target = &opts->target;
    return opts->command || target->pid || target->has_uid || target->comm || target->cgroup;
}

/* Takes over what was written; *places is where it is to be attached. */
static struct rp_error *take_written(struct held *held, struct rp_written *written,
                                     struct places *places) {
    for (size_t i = 0; i < written->attach_count; i++)
        RP_TRY(places_add(places, written->attach[i].function, written->attach[i].spec));
    free_text(held);
    held->text = rp_take(written->text);
    held->neutral = rp_take(written->neutral);
    held->title = rp_take(written->title);
    held->headers = rp_take(written->headers);
    held->header_count = written->header_count;
    written->header_count = 0;
    return NULL;
}

static void free_written(struct rp_written **written) {
    rp_written_free(*written);
}
#define AUTO_WRITTEN RP_AUTO(free_written) struct rp_written *

static void say_note(const char *note) {
    if (note)
        prompt_say("reprobe: note: %s\n", note);
}

static struct held *held_new(struct prompt *prompt, const char *name) {
    struct held **longer =
        reallocarray(prompt->held, prompt->held_count + 1, sizeof(struct held *));
    if (!longer)
        return NULL;
    prompt->held = longer;
    struct held *held = calloc(1, sizeof(*held));
    if (!held)
        return NULL;
    held->number = prompt->last_number + 1;
    held->name = strdup(name);
    if (held->name)
        return held;
    free(held);
    return NULL;
}

/* It runs: from now on it is held. */
static void keep(struct prompt *prompt, struct held *held) {
    prompt->held[prompt->held_count++] = held;
    prompt->last_number = held->number;
    held_print_title(held);
    print_notes(prompt, held);
    start_command(prompt, held);
}

static struct rp_error *ask(struct prompt *prompt, struct held *held) {
    AUTO_WRITTEN written = NULL;
    AUTO_PLACES places = {0};
    RP_TRY(rp_question_write(held->question, &written));
    RP_TRY(take_written(held, written, &places));
    for (size_t i = 0; i < places.count; i++)
        RP_TRY(check_limit(prompt, places.list[i].spec));
    RP_TRY(bring_up(prompt, held, &places, NULL));
    say_note(written->note);
    return NULL;
}

struct rp_error *held_ask(struct prompt *prompt, struct rp_question *question) {
    char name[32];
    snprintf(name, sizeof(name), "%u.c", prompt->last_number + 1);
    struct held *held = held_new(prompt, name);
    if (!held) {
        rp_question_free(question);
        return rp_error_nomem();
    }
    held->question = question;
    question->ask_target = has_target(prompt);
    struct rp_error *err = ask(prompt, held);
    if (err)
        let_go(prompt, held);
    else
        keep(prompt, held);
    return err;
}

struct rp_error *held_load_at(struct prompt *prompt, const char *name, const char *text,
                              const struct places *places) {
    struct held *held = held_new(prompt, name);
    if (!held)
        return rp_error_nomem();
    held->text = strdup(text);
    struct rp_error *err = held->text ? bring_up(prompt, held, places, NULL) : rp_error_nomem();
    if (err)
        let_go(prompt, held);
    else
        keep(prompt, held);
    return err;
}

struct rp_error *held_load(struct prompt *prompt, const char *name, const char *text) {
    return held_load_at(prompt, name, text, &(struct places){0});
}

struct rp_error *held_attach(struct prompt *prompt, struct held *held, const char *function,
                             const char *spec) {
    RP_TRY(attach_one(prompt, held, function, spec));
    if (held->paused)
        RP_TRY(rp_session_pause(prompt->session, held->probes[held->probe_count - 1]));
    RP_TRY(keep_place_names(held));
    free(rp_take(held->title));
    held_print_title(held);
    start_command(prompt, held);
    return NULL;
}

/* ------------------------------------------------------------------ replacing and moving */

/* What will run in place of `held`, with as much as that tells of it. */
static struct held *successor(const struct held *held, const char *text) {
    struct held *next = calloc(1, sizeof(*next));
    if (!next)
        return NULL;
    next->number = held->number;
    next->paused = held->paused;
    next->name = strdup(held->name);
    next->text = strdup(text);
    if (next->name && next->text)
        return next;
    held_free(next);
    return NULL;
}

/* `next` runs from now on, and what `held` was is used up; on an error `held` runs on, and `next`
 * is used up. Both are live for a moment, so that nothing is missed. */
static struct rp_error *replace(struct prompt *prompt, struct held *held, struct held *next,
                                const struct places *places) {
    struct rp_error *err = bring_up(prompt, next, places, held->module);
    for (size_t i = 0; !err && next->paused && i < next->probe_count; i++)
        err = rp_session_pause(prompt->session, next->probes[i]);
    if (!err) {
        /* At once, where the rest of its end takes a while: at the same place both would count. */
        for (size_t i = 0; !held->paused && i < held->probe_count; i++)
            rp_error_free(rp_session_pause(prompt->session, held->probes[i]));
        struct held old = *held;
        *held = *next;
        *next = old;
        output_give(held);
    }
    let_go(prompt, next);
    return err;
}

struct rp_error *held_replace(struct prompt *prompt, struct held *held, const char *text) {
    AUTO_PLACES places = {0};
    RP_TRY(held_places(held, &places));
    struct held *next = successor(held, text);
    if (!next)
        return rp_error_nomem();
    RP_TRY(replace(prompt, held, next, &places));
    print_notes(prompt, held);
    return NULL;
}

/* To the places that were written, without a compile; those of several that had moved go back. */
static struct rp_error *move_all(struct prompt *prompt, struct held *held,
                                 const struct places *places) {
    AUTO_PLACES before = {0};
    RP_TRY(held_places(held, &before));
    struct rp_error *err = NULL;
    size_t moved = 0;
    for (; !err && moved < places->count; moved++) {
        err = check_limit(prompt, places->list[moved].spec);
        if (!err)
            err = rp_session_move(prompt->session, held->probes[moved], places->list[moved].spec);
    }
    for (size_t i = 0; err && i + 1 < moved; i++)
        rp_error_free(rp_session_move(prompt->session, held->probes[i], before.list[i].spec));
    return err ? err : keep_place_names(held);
}

/* With the same C: the places alone are new. */
static struct rp_error *move_question(struct prompt *prompt, struct held *held,
                                      struct rp_written *written, const struct places *places) {
    RP_TRY(move_all(prompt, held, places));
    free(held->text);
    free(held->title);
    held->text = rp_take(written->text);
    held->title = rp_take(written->title);
    return NULL;
}

static struct rp_error *rewrite_question(struct prompt *prompt, struct held *held,
                                         struct rp_written *written) {
    AUTO_PLACES places = {0};
    struct held *next = successor(held, written->text);
    if (!next)
        return rp_error_nomem();
    struct rp_error *err = take_written(next, written, &places);
    if (err) {
        held_free(next);
        return err;
    }
    struct rp_question *question = rp_take(held->question);
    err = replace(prompt, held, next, &places);
    held->question = question;
    return err;
}

/* Asks the same of the question's (one) place as it is now: moved when its C is the same there,
 * else written anew. *moved tells which. */
static struct rp_error *ask_elsewhere(struct prompt *prompt, struct held *held, bool *moved) {
    AUTO_WRITTEN written = NULL;
    AUTO_PLACES places = {0};
    RP_TRY(rp_question_write(held->question, &written));
    for (size_t i = 0; i < written->attach_count; i++)
        RP_TRY(places_add(&places, written->attach[i].function, written->attach[i].spec));
    say_note(written->note);
    *moved = held->neutral && written->neutral && !strcmp(held->neutral, written->neutral) &&
             places.count == held->probe_count;
    if (*moved) {
        struct rp_error *err = move_question(prompt, held, written, &places);
        if (!err)
            return NULL;
        rp_error_free(err); /* a place of another type of program: to be loaded for it */
    }
    *moved = false;
    return rewrite_question(prompt, held, written);
}

static struct rp_error *move_to(struct prompt *prompt, struct held *held, char *spec, bool *moved) {
    struct rp_question *question = held->question;
    if (question->probe_count != 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, question->probe_count ? "it has several places" : "it has none",
                         "cannot move [%u]", held->number),
            "`detach %u` and ask anew", held->number);
    char *before = question->probes[0];
    question->probes[0] = spec;
    struct rp_error *err = ask_elsewhere(prompt, held, moved);
    question->probes[0] = err ? before : spec;
    free(err ? NULL : before);
    return err;
}

static struct rp_error *move_code(struct prompt *prompt, struct held *held, const char *spec) {
    if (held->probe_count != 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, held->probe_count ? "it has several probes" : "it has no probe",
                         "cannot move [%u]", held->number),
            "attach %u FUNCTION PROBE adds one", held->number);
    RP_TRY(check_limit(prompt, spec));
    RP_TRY(rp_session_move(prompt->session, held->probes[0], spec));
    free(rp_take(held->title));
    return keep_place_names(held);
}

struct rp_error *held_move(struct prompt *prompt, struct held *held, const char *word) {
    RP_AUTO_FREE char *spec = NULL, *note = NULL;
    RP_TRY(rp_question_place(word, &spec, &note));
    bool moved = true;
    say_note(note);
    if (held->question) {
        RP_TRY(move_to(prompt, held, spec, &moved));
        spec = NULL;
    } else {
        RP_TRY(move_code(prompt, held, spec));
    }
    held_print_title(held);
    if (!moved)
        prompt_say("reprobe: note: compiled anew: its C is another one there\n");
    return NULL;
}

/* ------------------------------------------------------------------ pausing */

struct rp_error *held_pause(struct prompt *prompt, struct held *held) {
    for (size_t i = 0; i < held->probe_count; i++)
        RP_TRY(rp_session_pause(prompt->session, held->probes[i]));
    held->paused = true;
    return NULL;
}

struct rp_error *held_resume(struct prompt *prompt, struct held *held) {
    (void)prompt;
    for (size_t i = 0; i < held->probe_count; i++)
        RP_TRY(rp_probe_resume(held->probes[i]));
    held->paused = false;
    output_resumed(held);
    return NULL;
}

bool held_pause_rows(struct prompt *prompt) {
    bool any = false;
    for (size_t i = 0; i < prompt->held_count; i++) {
        struct held *held = prompt->held[i];
        if (held->paused || !output_scrolls(held))
            continue;
        struct rp_error *err = held_pause(prompt, held);
        if (err)
            prompt_fail(prompt, err);
        else
            prompt_say("[%u] paused: `resume %u` goes on\n", held->number, held->number);
        any = true;
    }
    return any;
}
