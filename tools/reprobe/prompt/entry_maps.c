/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of session entries: which one a word means, what its keys mean, how they are printed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "entry.h"
#include "util/cleanup.h"
#include "util/error.h"

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

/* The match of the probe that the number is (see struct rp_generated), or NULL. */
static const char *match_name(const struct entry *entry, uint64_t attach_point) {
    uint64_t probe = attach_point >> 32, index = attach_point & UINT32_MAX;
    if (probe >= entry->names.count || index >= entry->names.items[probe].count)
        return NULL;
    const char *name = entry->names.items[probe].items[index], *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* An attach point by its name, and a stack in one line. */
static char *number_text(void *ctx, const struct rp_map_number *number) {
    const struct entry *entry = ctx;
    if (number->member->means != RP_MEMBER_ATTACH_POINT)
        return rp_stack_text(entry->stack, number);
    const char *name = match_name(entry, number->value);
    return name ? strdup(name) : NULL;
}

static struct rp_error *print_stacks(const struct prompt *prompt, const struct entry *entry,
                                     const char *map, int as, FILE *out) {
    const struct rp_stacks stacks = {.size = sizeof(stacks),
                                     .tool = prompt->tool,
                                     .module = entry->module,
                                     .map = map,
                                     .as = as == RP_MAP_JSON ? RP_STACKS_JSON : RP_STACKS_TEXT};
    return rp_stacks_print(&stacks, entry->stack, out);
}

struct rp_error *entry_print_map(const struct prompt *prompt, const struct entry *entry,
                                 const char *map, int as, FILE *out) {
    struct rp_map_format format = {
        .size = sizeof(format), .text = number_text, .ctx = (void *)entry};
    char title[256];
    bool stacks = rp_module_map_schema(entry->module, map)->means == RP_MEANS_STACKS;
    if (stacks && as != RP_MAP_CSV)
        return print_stacks(prompt, entry, map, as, out);
    snprintf(title, sizeof(title), "%u.%s", entry->number, map);
    format.as = as;
    format.title = prompt->entries.count > 1 ? title : NULL;
    return rp_map_print(entry->module, map, &format, out);
}

static void say_loss(void *ctx, uint64_t count, const char *loss) {
    const struct entry *entry = ctx;
    prompt_say("reprobe: [%u] %" PRIu64 " %s\n", entry->number, count, loss);
}

struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry, int as,
                                  FILE *out) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        if (is_answer(entry, name))
            RP_TRY(entry_print_map(prompt, entry, name, as, out));
    }
    return rp_module_losses(entry->module, say_loss, (void *)entry);
}

struct rp_error *entry_print_all(const struct prompt *prompt) {
    int as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT;
    for (size_t i = 0; i < prompt->entries.count; i++)
        RP_TRY(entry_print_maps(prompt, prompt->entries.items[i], as, stdout));
    return NULL;
}
