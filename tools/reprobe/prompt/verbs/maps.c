/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that list, print and change maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ maps */

static struct rp_error *list_one(const struct prompt *prompt, const struct entry *entry,
                                 const char *map) {
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(rp_map_describe(entry->module, map, &text));
    if (prompt->tool->json) {
        struct rp_writer json;
        rp_json_begin(&json, stdout);
        rp_json_uint(&json, "probe", entry->number);
        rp_json_string(&json, "map", map);
        rp_json_string(&json, "is", text);
        rp_json_end(&json);
        return NULL;
    }
    char name[64];
    snprintf(name, sizeof(name), "%u.%s", entry->number, map);
    printf("%s%-20s%s %s\n", screen_colour(COLOUR_NUMBER), name, screen_colour(COLOUR_NONE), text);
    return NULL;
}

static struct rp_error *maps(struct prompt *prompt, const char *args) {
    RP_TRY(args_end(args));
    for (size_t i = 0; i < prompt->entries.count; i++) {
        const struct entry *entry = prompt->entries.items[i];
        for (size_t m = 0; m < rp_module_map_count(entry->module); m++)
            RP_TRY(list_one(prompt, entry, rp_module_map_name(entry->module, m)));
    }
    return NULL;
}

/* ------------------------------------------------------------------ map */

/* The end of a value: what is in {braces} or "quotes" belongs together. */
static size_t value_length(const char *text) {
    size_t at = 0, depth = 0;
    char quote = '\0';
    for (; text[at]; at++) {
        char c = text[at];
        if (quote && c == '\\' && text[at + 1])
            at++;
        else if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '{')
            depth++;
        else if (c == '}' && depth)
            depth--;
        else if (c == ' ' && !depth)
            break;
    }
    return at;
}

/* Takes a value off *args; NULL if there is none. */
static char *take_value(const char **args) {
    size_t length = value_length(*args);
    char *value = length ? strndup(*args, length) : NULL;
    *args += length;
    *args += strspn(*args, " ");
    return value;
}

static struct rp_error *set(const struct entry *entry, const char *map, const char *args) {
    RP_AUTO_FREE char *key = take_value(&args);
    if (!key || !*args)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "a key and a value are needed", "cannot set an entry of %s", map),
            "map %s set 1 5, or with structs: map %s set {1, \"dd\"} {.count = 5}", map, map);
    return rp_map_set(entry->module, map, key, args);
}

static struct rp_error *delete (const struct entry *entry, const char *map, const char *args) {
    if (!*args)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "a key is needed", "cannot delete an entry of %s", map),
            "map %s del KEY", map);
    return rp_map_delete(entry->module, map, args);
}

static struct rp_error *print(const struct prompt *prompt, const struct answer *answer) {
    if (answer->map)
        RP_TRY(entry_check_data(answer->entry, answer->map));
    const struct map_look look = map_look(prompt);
    return entry_print_answer(prompt, answer, &look, stdout);
}

/* One map can be changed, and not all of an answer. */
static struct rp_error *check_single(const struct answer *answer, const char *word) {
    if (answer->map)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(EINVAL, "it has several", "cannot tell which map of `%s` to change", word),
        "write N.NAME; `maps` lists them");
}

static struct rp_error *map(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *name = args_word(&args), *verb = args_word(&args);
    struct answer answer;
    RP_TRY(entry_answer(prompt, name, &answer));
    if (!verb)
        return print(prompt, &answer);
    RP_TRY(check_single(&answer, name));
    if (strcmp(verb, "set") == 0)
        return set(answer.entry, answer.map, args);
    if (strcmp(verb, "del") == 0)
        return delete (answer.entry, answer.map, args);
    if (strcmp(verb, "clear") != 0)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not clear, set or del", "cannot `%s` a map", verb),
            "map NAME clear, map NAME set KEY VALUE, map NAME del KEY");
    RP_TRY(args_end(args));
    return rp_map_clear(answer.entry->module, answer.map);
}

const struct verb map_verbs[] = {
    {"maps", "", "list the maps of all programs", NULL,
     "count sched_switch by comm\n"
     "maps",
     WORDS_NONE | PAGED, maps},
    {"map", "[NAME [clear|set KEY VALUE|del KEY]]", "print what was gathered, or change a map",
     "NAME is a map (dist, 2.dist), or a program (N, `last`, or what it asks: `hist` is the newest "
     "of "
     "those), which means its answer. Without it: "
     "the newest answer. Write keys and values "
     "according to their types: 42, -1, 0x2a, 0755 (octal, as in C), 'c', true, an enum's name; "
     "\"text\"; for structs {1, \"dd\"} or {.pid = 1}, where members that you leave out are zero. "
     "In a per-CPU map, `set` "
     "sets the value of the first CPU. `clear` sets the entries of an array to zero.",
     "count sched_switch by comm\n"
     "map counts\n"
     "map counts set {\"nobody\"} 5\n"
     "map counts del {\"nobody\"}\n"
     "map counts clear",
     WORDS_MAP | PAGED, map},
    {"watch", "[NAME] [SECONDS [COUNT]] [top N]",
     "print it again and again; on a terminal, in place",
     "NAME is as for `map`. Counts have how much they grew a second beside them (/s), the fastest "
     "first; `top N` shows so many. Every second or every SECONDS (such as 500ms), until Ctrl-C or "
     "Enter, or COUNT times. Rows that come meanwhile are counted but not shown. What a question "
     "with `every` counts it prints by itself.",
     "count sched_switch by comm\n"
     "watch counts 200ms 3",
     WORDS_MAP, watch_verb},
    {0}};
