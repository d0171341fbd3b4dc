/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of session entries: which one a word means, what its keys mean, how they are printed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

static bool has_map(const struct entry *entry, const char *name) {
    return rp_module_map_fd(entry->module, name) >= 0;
}

struct search {
    const char *name; /* NULL: any map that holds an answer */
    struct entry *entry;
    const char *map;
    unsigned count;
};

/* Whether the map holds a question's answer, not data that its program needs for itself. */
static bool is_answer(const struct entry *entry, const char *map) {
    static const char *const notes[] = {"missed", "negative", "start", "entered"};
    for (size_t i = 0; entry->question && i < RP_COUNT(notes); i++)
        if (strcmp(map, notes[i]) == 0)
            return false;
    return rp_map_is_data(entry->module, map);
}

static void look_for_map(struct search *search, struct entry *entry) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        if (search->name ? strcmp(name, search->name) != 0 : !is_answer(entry, name))
            continue;
        search->entry = entry;
        search->map = name;
        search->count++;
    }
}

static struct rp_error *no_map(const struct search *search, const char *word) {
    if (search->count)
        return rp_error_hint_set(rp_error_new(EINVAL, "several programs have one",
                                              "cannot tell which map `%s` is", word),
                                 "write N.NAME; `maps` lists them");
    return rp_error_hint_set(
        rp_error_new(ENOENT, "no program has a map of that name", "cannot find the map `%s`", word),
        "`maps` lists them");
}

struct rp_error *entry_map(const struct prompt *prompt, const char *word, struct entry **entry,
                           const char **map) {
    struct search search = {0};
    size_t digits = strspn(word, "0123456789");
    bool of_one = digits && (!word[digits] || word[digits] == '.');
    if (of_one) {
        RP_AUTO_FREE char *number = strndup(word, digits);
        struct entry *one;
        if (!number)
            return rp_error_nomem();
        RP_TRY(entry_find(prompt, number, &one));
        search.name = word[digits] ? word + digits + 1 : NULL;
        if (one)
            look_for_map(&search, one);
    } else {
        search.name = word;
        for (size_t i = 0; i < prompt->entries.count; i++)
            look_for_map(&search, prompt->entries.items[i]);
    }
    if (search.count != 1 || !search.entry)
        return no_map(&search, word);
    *entry = search.entry;
    *map = search.map;
    return NULL;
}

/* Which place of which probe the number of a key's `place` is (see struct rp_generated), or NULL.
 */
static const char *match_name(const struct entry *entry, uint64_t attach_point) {
    uint64_t probe = attach_point >> 32, index = attach_point & UINT32_MAX;
    if (probe >= entry->names.count || index >= entry->names.items[probe].count)
        return NULL;
    const char *name = entry->names.items[probe].items[index], *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* Writes an attach point by its spec, and a stack in one line. */
static bool key_text(void *ctx, const char *member, uint64_t value, char *text, size_t size) {
    const struct entry *entry = ctx;
    size_t length = strlen(member);
    const char *attach_point = strcmp(member, "place") == 0 ? match_name(entry, value) : NULL;
    if (attach_point) {
        snprintf(text, size, "%s", attach_point);
        return true;
    }
    if (!entry->stack || length < 5 || strcmp(member + length - 5, "stack") != 0)
        return false;
    rp_stack_clear(entry->stack);
    rp_stack_add(entry->stack, (int32_t)value, 0, "");
    RP_AUTO_FREE char *folded = rp_stack_fold(entry->stack, "", 0);
    snprintf(text, size, "%s", folded && *folded ? folded + 1 : "-");
    return true;
}

struct rp_map_format entry_map_format(const struct prompt *prompt, const struct entry *entry) {
    const struct rp_question *question = entry->question;
    struct rp_map_format format = {.as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT,
                                   .text = key_text,
                                   .ctx = (void *)entry};
    if (question && question->verb == RP_VERB_LATENCY)
        format.unit = "usecs";
    else if (question && question->verb == RP_VERB_HIST && question->expr_count)
        format.unit = question->exprs[0];
    if (question && question->linear) {
        format.low = question->low;
        format.high = question->high;
        format.step = question->step;
    }
    return format;
}

/* Whether `counts` has stacks by process and name, as struct rp_stack_key is. */
static bool counts_stacks(const struct entry *entry) {
    const struct rp_question *question = entry->question;
    if (!question)
        return entry->stack && has_map(entry, "processes") && has_map(entry, "counts");
    for (size_t i = 0; i < question->key_count; i++)
        if (strcmp(question->keys[i], "comm") != 0 && strcmp(question->keys[i], "pid") != 0)
            return false;
    return question->verb == RP_VERB_STACK || question->verb == RP_VERB_PROFILE;
}

static struct rp_error *print_stacks(const struct prompt *prompt, const struct entry *entry, int as,
                                     FILE *out) {
    const struct rp_stacks stacks = {.size = sizeof(stacks),
                                     .tool = prompt->tool,
                                     .module = entry->module,
                                     .as = as == RP_MAP_JSON  ? RP_STACKS_JSON
                                           : as == RP_MAP_CSV ? RP_STACKS_FOLDED
                                                              : RP_STACKS_TEXT};
    return rp_stacks_print(&stacks, entry->stack, out);
}

struct rp_error *entry_print_map(const struct prompt *prompt, const struct entry *entry,
                                 const char *map, int as, FILE *out) {
    struct rp_map_format format = entry_map_format(prompt, entry);
    char title[256];
    if (strcmp(map, "counts") == 0 && as != RP_MAP_CSV && counts_stacks(entry))
        return print_stacks(prompt, entry, as, out);
    snprintf(title, sizeof(title), "%u.%s", entry->number, map);
    format.as = as;
    format.title = prompt->entries.count > 1 ? title : NULL;
    return rp_map_print(entry->module, map, &format, out);
}

static struct rp_error *add_number(void *ctx, const void *key, const void *value) {
    uint64_t number;
    (void)key;
    memcpy(&number, value, sizeof(number));
    *(uint64_t *)ctx += number;
    return NULL;
}

/* Events that a question's program had to leave out. */
static struct rp_error *report_left_out(const struct entry *entry) {
    static const struct {
        const char *map, *what;
    } notes[] = {{"missed", "were not counted: its map is full"},
                 {"negative", "were not counted: their value is negative"}};
    for (size_t i = 0; entry->question && i < RP_COUNT(notes); i++) {
        uint64_t number = 0;
        if (!has_map(entry, notes[i].map))
            continue;
        RP_TRY(rp_map_each(entry->module, notes[i].map, add_number, &number));
        if (number)
            prompt_say("reprobe: [%u] %" PRIu64 " events %s\n", entry->number, number,
                       notes[i].what);
    }
    return NULL;
}

struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry, int as,
                                  FILE *out) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        if (is_answer(entry, name))
            RP_TRY(entry_print_map(prompt, entry, name, as, out));
    }
    return counts_stacks(entry) ? NULL : report_left_out(entry);
}

struct rp_error *entry_print_all(const struct prompt *prompt) {
    int as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT;
    for (size_t i = 0; i < prompt->entries.count; i++)
        RP_TRY(entry_print_maps(prompt, prompt->entries.items[i], as, stdout));
    return NULL;
}
