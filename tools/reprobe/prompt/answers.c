/* SPDX-License-Identifier: Apache-2.0 */
/* What has been gathered: which maps a word means, and how they are printed. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/schema.h"
#include "entry.h"
#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ which map is meant */

struct search {
    const char *name; /* NULL: any map that holds an answer */
    struct entry *entry;
    const char *map;
    unsigned count;
};

static bool is_answer(const struct entry *entry, const char *map) {
    return rp_means_answer(rp_module_map_schema(entry->module, map)->means);
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
    struct search search = {.name = word};
    size_t digits = strspn(word, "0123456789");
    *entry = NULL;
    if (digits && word[digits] == '.') {
        RP_AUTO_FREE char *number = strndup(word, digits);
        struct entry *one;
        if (!number)
            return rp_error_nomem();
        RP_TRY(entry_find(prompt, number, &one));
        search.name = word + digits + 1;
        look_for_map(&search, one);
    } else {
        for (size_t i = 0; i < prompt->entries.count; i++)
            look_for_map(&search, prompt->entries.items[i]);
    }
    if (search.count != 1)
        return no_map(&search, word);
    *entry = search.entry;
    *map = search.map;
    return NULL;
}

struct rp_error *entry_check_data(const struct entry *entry, const char *map) {
    if (rp_map_is_data(entry->module, map))
        return NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, "it carries events or stacks, not data",
                                          "cannot print the map %s", map),
                             "`maps` says what each map holds");
}

/* All that it has gathered: *map is NULL where that is several maps. */
static bool choose_answers(struct entry *entry, struct answer *out) {
    struct search search = {0};
    look_for_map(&search, entry);
    *out = (struct answer){entry, search.count == 1 ? search.map : NULL};
    return search.count > 0;
}

bool entry_has_answer(const struct entry *entry) {
    struct answer answer;
    return choose_answers((struct entry *)entry, &answer);
}

static struct rp_error *newest_answer(const struct prompt *prompt, struct answer *out) {
    for (size_t i = prompt->entries.count; i-- > 0;)
        if (choose_answers(prompt->entries.items[i], out))
            return NULL;
    return rp_error_hint_set(
        rp_error_new(ENOENT, "nothing that runs has a map with an answer", "cannot show an answer"),
        "ask something that counts, such as: count sched_switch by comm");
}

/* "hist": the newest question that begins so; false: it is a map's name, or nobody asked that. */
static bool answer_of_verb(const struct prompt *prompt, const char *word, struct answer *out) {
    enum rp_verb verb;
    struct search search = {.name = word};
    for (size_t i = 0; i < prompt->entries.count; i++)
        look_for_map(&search, prompt->entries.items[i]);
    if (search.count || !rp_verb_find(word, &verb))
        return false;
    for (size_t i = prompt->entries.count; i-- > 0;) {
        struct entry *entry = prompt->entries.items[i];
        if (entry->question && entry->question->verb == verb && choose_answers(entry, out))
            return true;
    }
    return false;
}

struct rp_error *entry_answer(const struct prompt *prompt, const char *word, struct answer *out) {
    struct entry *entry;
    *out = (struct answer){0};
    if (!word)
        return newest_answer(prompt, out);
    if (answer_of_verb(prompt, word, out))
        return NULL;
    if (word[strspn(word, "0123456789")] && strcmp(word, "last") != 0)
        return entry_map(prompt, word, &out->entry, &out->map);
    RP_TRY(entry_find(prompt, word, &entry));
    if (choose_answers(entry, out))
        return NULL;
    return rp_error_hint_set(rp_error_new(ENOENT, "it has no map with an answer",
                                          "cannot show what [%u] has gathered", entry->number),
                             "its rows are printed as they come; `maps` lists the maps");
}

/* ------------------------------------------------------------------ printing */

/* The match of the probe that the number is (see struct rp_generated), or NULL. */
static const char *match_name(const struct entry *entry, uint64_t attach_point) {
    uint64_t probe = attach_point >> 32, index = attach_point & UINT32_MAX;
    if (probe >= entry->names.count || index >= entry->names.items[probe].count)
        return NULL;
    return entry->names.items[probe].items[index];
}

/* An attach point by its name, and a stack in one line. */
char *entry_number_text(void *ctx, const struct rp_map_number *number) {
    const struct entry *entry = ctx;
    if (number->member->means != RP_MEMBER_ATTACH_POINT)
        return rp_stack_text(entry->stack, number);
    const char *name = match_name(entry, number->value);
    return name ? strdup(name) : NULL;
}

bool entry_map_is_empty(const struct entry *entry, const char *map) {
    size_t size, value_size, count;
    if (rp_map_sizes(entry->module, map, &size, &value_size, &count))
        return false;
    RP_AUTO_FREE char *key = malloc(size);
    return key && bpf_map_get_next_key(rp_module_map_fd(entry->module, map), NULL, key);
}

static struct rp_error *print_stacks(const struct prompt *prompt, const struct entry *entry,
                                     const char *map, const struct map_look *look, FILE *out) {
    int as = look->as;
    const struct rp_stacks stacks = {.size = sizeof(stacks),
                                     .tool = prompt->tool,
                                     .module = entry->module,
                                     .map = map,
                                     .as = as == RP_MAP_JSON ? RP_STACKS_JSON : RP_STACKS_TEXT,
                                     .interval = look->interval,
                                     .most = look->most,
                                     .time = look->time};
    return rp_stacks_print(&stacks, entry->stack, out);
}

struct rp_error *entry_print_map(const struct prompt *prompt, const struct entry *entry,
                                 const char *map, const struct map_look *look, FILE *out) {
    struct rp_map_format format = {.size = sizeof(format),
                                   .as = look->as,
                                   .text = entry_number_text,
                                   .ctx = (void *)entry,
                                   .columns = look->columns,
                                   .most = look->most,
                                   .past = look->past,
                                   .interval = look->interval,
                                   .largest_first = look->largest_first,
                                   .time = look->time,
                                   .named = look->named};
    char title[256];
    bool stacks = rp_module_map_schema(entry->module, map)->means == RP_MEANS_STACKS;
    if (stacks && look->columns && look->as == RP_MAP_TEXT && entry_map_is_empty(entry, map))
        return fprintf(out, "%s: nothing yet\n", map), NULL;
    if (stacks && look->as != RP_MAP_CSV)
        return print_stacks(prompt, entry, map, look, out);
    snprintf(title, sizeof(title), "%u.%s", entry->number, map);
    if (look->past && *screen_colour(COLOUR_HEADER)) {
        format.mark = screen_colour(COLOUR_HEADER);
        format.unmark = screen_colour(COLOUR_NONE);
    }
    format.title = prompt->entries.count > 1 ? title : NULL;
    return rp_map_print(entry->module, map, &format, out);
}

static void say_loss(void *ctx, const char *text) {
    const struct entry *entry = ctx;
    prompt_say("reprobe: [%u] %s\n", entry->number, text);
}

struct rp_error *entry_say_losses_so_far(struct entry *entry) {
    return rp_module_losses_so_far(entry->module, &entry->told, say_loss, entry);
}

struct rp_error *entry_say_losses(const struct entry *entry) {
    return rp_module_losses(entry->module, say_loss, (void *)entry);
}

void entry_say_lost(const struct prompt *prompt, struct entry *entry) {
    const struct rp_stats *stats = rp_session_module_stats(prompt->session, entry->module);
    uint64_t lost = stats->lost - stats->refused, more = lost - entry->lost;
    if (lost > entry->lost)
        prompt_say("reprobe: [%u] %" PRIu64 " row%s lost: the buffer was full\n", entry->number,
                   more, more == 1 ? " was" : "s were");
    entry->lost = lost;
}

struct map_look map_look(const struct prompt *prompt) {
    bool seen = isatty(STDOUT_FILENO);
    return (struct map_look){.as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT,
                             .columns = seen ? (size_t)screen_columns() : 0};
}

struct rp_error *entry_print_answers(const struct prompt *prompt, const struct entry *entry,
                                     const struct map_look *look, FILE *out) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        if (is_answer(entry, name))
            RP_TRY(entry_print_map(prompt, entry, name, look, out));
    }
    return NULL;
}

struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry,
                                  const struct map_look *look, FILE *out) {
    RP_TRY(entry_print_answers(prompt, entry, look, out));
    return entry_say_losses(entry);
}

struct rp_error *entry_print_answer(const struct prompt *prompt, const struct answer *answer,
                                    const struct map_look *look, FILE *out) {
    if (!answer->map)
        return entry_print_maps(prompt, answer->entry, look, out);
    return entry_print_map(prompt, answer->entry, answer->map, look, out);
}

/* Iterators: it is printed then. */
static bool has_end(const struct prompt *prompt, const struct entry *entry) {
    for (size_t i = 0; i < entry->probes.count; i++)
        if (rp_session_probe_ends(prompt->session, entry->probes.items[i]))
            return true;
    return false;
}

void entry_print_how(const struct prompt *prompt, const struct entry *entry) {
    bool grows = !entry->question || !entry->question->every_ns;
    if (prompt->terminal && entry_has_answer(entry) && !has_end(prompt, entry))
        prompt_say("%s    Ctrl-C shows what it has gathered%s%s\n", screen_talk_colour(COLOUR_DIM),
                   grows ? "; `watch` shows it grow" : "", screen_talk_colour(COLOUR_NONE));
}
