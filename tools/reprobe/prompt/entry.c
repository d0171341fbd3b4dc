/* SPDX-License-Identifier: Apache-2.0 */
/* The session entries, each under its number: find, name, pause and end them. */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
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
    for (size_t i = 0; i < entry->name_count; i++) {
        for (size_t n = 0; n < entry->names[i].count; n++)
            free(entry->names[i].list[n]);
        free(entry->names[i].list);
    }
    free(entry->names);
    entry->names = NULL;
    entry->name_count = 0;
}

void entry_free_text(struct entry *entry) {
    for (size_t i = 0; i < entry->header_count; i++)
        free(entry->headers[i]);
    free(entry->headers);
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
    free(entry->probes);
    free(entry->name);
    free(entry->draft);
    free(entry);
}

void entry_end(struct prompt *prompt, struct entry *entry) {
    size_t at = 0;
    while (at < prompt->entry_count && prompt->entries[at] != entry)
        at++;
    if (at < prompt->entry_count)
        memmove(&prompt->entries[at], &prompt->entries[at + 1],
                (--prompt->entry_count - at) * sizeof(struct entry *));
    if (entry->module)
        rp_session_remove(prompt->session, entry->module);
    free_entry(entry);
}

void entry_forget_all(struct prompt *prompt) {
    for (size_t i = 0; i < prompt->entry_count; i++)
        free_entry(prompt->entries[i]);
    free(prompt->entries);
    prompt->entries = NULL;
    prompt->entry_count = 0;
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

void entry_print_notes(const struct prompt *prompt, const struct entry *entry) {
    const char *note = rp_module_note(entry->module);
    if (note)
        prompt_say("%s\n", note);
    if (!entry->question)
        rp_tool_note_target(prompt->tool, entry->name, entry->module);
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

struct rp_error *entry_take_names(struct entry *entry) {
    free_names(entry);
    entry->names = calloc(entry->probe_count + 1, sizeof(*entry->names));
    if (!entry->names)
        return rp_error_nomem();
    for (; entry->name_count < entry->probe_count; entry->name_count++)
        RP_TRY(take_names(entry->probes[entry->name_count], &entry->names[entry->name_count]));
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
