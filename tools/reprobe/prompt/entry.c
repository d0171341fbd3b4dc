/* SPDX-License-Identifier: Apache-2.0 */
/* The session entries, each under its number: find, name, pause and end them. */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "screen.h"
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

void entry_free_text(struct entry *entry) {
    rp_schema_free(entry->schema);
    free(entry->text);
    free(entry->neutral);
    free(entry->title);
}

static void free_entry(struct entry *entry) {
    output_free(entry->outputs, entry->output_count);
    rp_stack_free(entry->stack);
    free_names(entry);
    entry_free_text(entry);
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
