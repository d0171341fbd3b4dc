/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of what is held: which one a word means, what its keys mean, how they are printed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

static bool has_map(const struct held *held, const char *name) {
    return rp_module_map_fd(held->module, name) >= 0;
}

struct search {
    const char *name; /* NULL: any that is an answer */
    struct held *held;
    const char *map;
    unsigned count;
};

/* A question's answer, not what its program notes for itself. */
static bool is_answer(const struct held *held, const char *map) {
    static const char *const notes[] = {"missed", "negative", "start", "entered"};
    for (size_t i = 0; held->question && i < RP_COUNT(notes); i++)
        if (strcmp(map, notes[i]) == 0)
            return false;
    return rp_map_is_data(held->module, map);
}

static void look_for_map(struct search *search, struct held *held) {
    for (size_t i = 0; i < rp_module_map_count(held->module); i++) {
        const char *name = rp_module_map_name(held->module, i);
        if (search->name ? strcmp(name, search->name) != 0 : !is_answer(held, name))
            continue;
        search->held = held;
        search->map = name;
        search->count++;
    }
}

static struct rp_error *no_map(const struct search *search, const char *word) {
    if (search->count)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "there are several", "which map is `%s`?", word),
            "say N.NAME; `maps` lists them");
    return rp_error_hint_set(rp_error_new(ENOENT, "there is none", "which map is `%s`?", word),
                             "`maps` lists them");
}

struct rp_error *held_map(const struct prompt *prompt, const char *word, struct held **held,
                          const char **map) {
    struct search search = {0};
    size_t digits = strspn(word, "0123456789");
    bool of_one = digits && (!word[digits] || word[digits] == '.');
    if (of_one) {
        RP_AUTO_FREE char *number = strndup(word, digits);
        struct held *one;
        if (!number)
            return rp_error_nomem();
        RP_TRY(held_find(prompt, number, &one));
        search.name = word[digits] ? word + digits + 1 : NULL;
        if (one)
            look_for_map(&search, one);
    } else {
        search.name = word;
        for (size_t i = 0; i < prompt->held_count; i++)
            look_for_map(&search, prompt->held[i]);
    }
    if (search.count != 1 || !search.held)
        return no_map(&search, word);
    *held = search.held;
    *map = search.map;
    return NULL;
}

/* Which place of which probe the number of a key's `place` is (see struct rp_written), or NULL. */
static const char *place_name(const struct held *held, uint64_t place) {
    uint64_t probe = place >> 32, index = place & UINT32_MAX;
    if (probe >= held->name_count || index >= held->names[probe].count)
        return NULL;
    const char *name = held->names[probe].list[index], *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* A place by its name; and of a stack, all of it in one line. */
static bool key_text(void *ctx, const char *member, uint64_t value, char *text, size_t size) {
    const struct held *held = ctx;
    size_t length = strlen(member);
    const char *place = strcmp(member, "place") == 0 ? place_name(held, value) : NULL;
    if (place) {
        snprintf(text, size, "%s", place);
        return true;
    }
    if (!held->stack || length < 5 || strcmp(member + length - 5, "stack") != 0)
        return false;
    rp_stack_clear(held->stack);
    rp_stack_add(held->stack, (int32_t)value, 0, "");
    RP_AUTO_FREE char *folded = rp_stack_fold(held->stack, "", 0);
    snprintf(text, size, "%s", folded && *folded ? folded + 1 : "-");
    return true;
}

struct rp_map_format held_map_format(const struct prompt *prompt, const struct held *held) {
    const struct rp_question *question = held->question;
    struct rp_map_format format = {.as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT,
                                   .text = key_text,
                                   .ctx = (void *)held};
    if (question && question->verb == RP_ASK_LATENCY)
        format.unit = "usecs";
    else if (question && question->verb == RP_ASK_HIST && question->expr_count)
        format.unit = question->exprs[0];
    if (question && question->linear) {
        format.low = question->low;
        format.high = question->high;
        format.step = question->step;
    }
    return format;
}

/* Whether `counts` has stacks by process and name, as struct rp_stack_key is. */
static bool counts_stacks(const struct held *held) {
    const struct rp_question *question = held->question;
    if (!question)
        return held->stack && has_map(held, "processes") && has_map(held, "counts");
    for (size_t i = 0; i < question->key_count; i++)
        if (strcmp(question->keys[i], "comm") != 0 && strcmp(question->keys[i], "pid") != 0)
            return false;
    return question->verb == RP_ASK_STACK || question->verb == RP_ASK_PROFILE;
}

static struct rp_error *print_stacks(const struct prompt *prompt, const struct held *held, int as,
                                     FILE *out) {
    const struct rp_stacks stacks = {.tool = prompt->tool,
                                     .module = held->module,
                                     .as = as == RP_MAP_JSON  ? RP_STACKS_JSON
                                           : as == RP_MAP_CSV ? RP_STACKS_FOLDED
                                                              : RP_STACKS_TEXT};
    return rp_stacks_print(&stacks, held->stack, out);
}

struct rp_error *held_print_map(const struct prompt *prompt, const struct held *held,
                                const char *map, int as, FILE *out) {
    struct rp_map_format format = held_map_format(prompt, held);
    char title[256];
    if (strcmp(map, "counts") == 0 && as != RP_MAP_CSV && counts_stacks(held))
        return print_stacks(prompt, held, as, out);
    snprintf(title, sizeof(title), "%u.%s", held->number, map);
    format.as = as;
    format.title = prompt->held_count > 1 ? title : NULL;
    return rp_map_print(held->module, map, &format, out);
}

static struct rp_error *add_number(void *ctx, const void *key, const void *value) {
    uint64_t number;
    (void)key;
    memcpy(&number, value, sizeof(number));
    *(uint64_t *)ctx += number;
    return NULL;
}

/* What a question's program had to leave out. */
static struct rp_error *report_left_out(const struct held *held) {
    static const struct {
        const char *map, *what;
    } notes[] = {{"missed", "found no room in its map"}, {"negative", "were negative"}};
    for (size_t i = 0; held->question && i < RP_COUNT(notes); i++) {
        uint64_t number = 0;
        if (!has_map(held, notes[i].map))
            continue;
        RP_TRY(rp_map_each(held->module, notes[i].map, add_number, &number));
        if (number)
            prompt_say("reprobe: [%u] %" PRIu64 " events %s\n", held->number, number,
                       notes[i].what);
    }
    return NULL;
}

struct rp_error *held_print_maps(const struct prompt *prompt, const struct held *held, int as,
                                 FILE *out) {
    for (size_t i = 0; i < rp_module_map_count(held->module); i++) {
        const char *name = rp_module_map_name(held->module, i);
        if (is_answer(held, name))
            RP_TRY(held_print_map(prompt, held, name, as, out));
    }
    return counts_stacks(held) ? NULL : report_left_out(held);
}

struct rp_error *held_print_all(const struct prompt *prompt) {
    int as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT;
    for (size_t i = 0; i < prompt->held_count; i++)
        RP_TRY(held_print_maps(prompt, prompt->held[i], as, stdout));
    return NULL;
}
