/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of session entries: which one a word means, how they are printed; and the commands that
 * list, print, watch and change them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compile/schema.h"
#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
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
    struct search search = {0};
    *entry = NULL;
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

/* ------------------------------------------------------------------ printing */

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

static void say_loss(void *ctx, const char *text) {
    const struct entry *entry = ctx;
    prompt_say("reprobe: [%u] %s\n", entry->number, text);
}

struct rp_error *entry_say_losses(const struct entry *entry) {
    return rp_module_losses(entry->module, say_loss, (void *)entry);
}

void entry_say_lost(const struct prompt *prompt, struct entry *entry) {
    uint64_t lost = rp_session_module_stats(prompt->session, entry->module)->lost,
             more = lost - entry->lost;
    if (lost > entry->lost)
        prompt_say("reprobe: [%u] %" PRIu64 " row%s lost: the buffer was full\n", entry->number,
                   more, more == 1 ? " was" : "s were");
    entry->lost = lost;
}

struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry, int as,
                                  FILE *out) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *name = rp_module_map_name(entry->module, i);
        if (is_answer(entry, name))
            RP_TRY(entry_print_map(prompt, entry, name, as, out));
    }
    return entry_say_losses(entry);
}

struct rp_error *entry_print_all(const struct prompt *prompt) {
    int as = prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT;
    for (size_t i = 0; i < prompt->entries.count; i++) {
        entry_say_lost(prompt, prompt->entries.items[i]);
        RP_TRY(entry_print_maps(prompt, prompt->entries.items[i], as, stdout));
    }
    return NULL;
}

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

static struct rp_error *check_data(const struct entry *entry, const char *map) {
    if (rp_map_is_data(entry->module, map))
        return NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, "it carries events or stacks, not data",
                                          "cannot print the map %s", map),
                             "`maps` says what each map holds");
}

static struct rp_error *print(const struct prompt *prompt, const struct entry *entry,
                              const char *map) {
    RP_TRY(check_data(entry, map));
    return entry_print_map(prompt, entry, map, prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT,
                           stdout);
}

static struct rp_error *map(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *name = args_word(&args), *verb = args_word(&args);
    struct entry *entry;
    const char *which;
    if (!name)
        return args_missing("no map was given", "map NAME; `maps` lists them");
    struct rp_error *err = entry_map(prompt, name, &entry, &which);
    if (!entry)
        return err;
    if (!verb)
        return print(prompt, entry, which);
    if (strcmp(verb, "set") == 0)
        return set(entry, which, args);
    if (strcmp(verb, "del") == 0)
        return delete (entry, which, args);
    if (strcmp(verb, "clear") != 0)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not clear, set or del", "cannot `%s` a map", verb),
            "map NAME clear, map NAME set KEY VALUE, map NAME del KEY");
    RP_TRY(args_end(args));
    return rp_map_clear(entry->module, which);
}

/* ------------------------------------------------------------------ watch */

struct watch {
    char *word;    /* as the map was called: it may be another program's when that was reloaded */
    uint64_t left; /* times; 0: no end */
    bool in_place;
    unsigned drawn; /* rows on the screen, above the prompt; not in place: blocks */
};

static unsigned screen_rows(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

/* Of the text as many rows as the terminal has beside the prompt's own, none wider than it is. What
 * is left out stands below the first two, the names: the entries with most are last. */
static unsigned draw(const char *text) {
    unsigned rows = 0, most = screen_rows() > 5 ? screen_rows() - 2 : 3;
    for (const char *c = text; *c; c++)
        rows += *c == '\n';
    unsigned skip = rows > most ? rows - most : 0, row = 0;
    for (const char *line = text; *line; row++) {
        size_t length = strcspn(line, "\n");
        bool shown = row < 2 || row >= skip + 2;
        if (shown)
            printf("%.*s\033[K\n", (int)screen_fit(line, length, screen_columns()), line);
        line += length + (line[length] == '\n');
    }
    return rows - skip;
}

static void redraw(struct watch *watch, const char *text) {
    if (watch->drawn)
        printf("\033[%uA\r\033[J", watch->drawn);
    watch->drawn = draw(text);
}

static struct rp_error *show(struct prompt *prompt, struct watch *watch) {
    struct entry *entry;
    const char *map;
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    struct rp_error *err = entry_map(prompt, watch->word, &entry, &map);
    if (!entry)
        return err;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return rp_error_nomem();
    err =
        entry_print_map(prompt, entry, map, prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT, memory);
    fclose(memory);
    if (err)
        return err;
    screen_hide();
    if (watch->in_place) {
        redraw(watch, text);
    } else {
        if (watch->drawn++ && !prompt->tool->json)
            putchar('\n');
        if (prompt->tool->timestamps && !prompt->tool->json) {
            rp_print_time(stdout);
            putchar('\n');
        }
        fputs(text, stdout);
    }
    fflush(stdout);
    return NULL;
}

static bool watch_tick(struct prompt *prompt, void *ctx) {
    struct watch *watch = ctx;
    struct rp_error *err = show(prompt, watch);
    if (err) {
        prompt_fail(prompt, err);
        return false;
    }
    return !ferror(stdout) && (!watch->left || --watch->left);
}

static void watch_end(struct prompt *prompt, void *ctx) {
    struct watch *watch = ctx;
    (void)prompt;
    free(watch->word);
    free(watch);
}

static struct rp_error *read_watch(const char *args, struct watch *watch, struct job *job) {
    RP_AUTO_FREE char *seconds = NULL, *count = NULL;
    watch->word = args_word(&args);
    if (!watch->word)
        return args_missing("no map was given", "watch NAME [SECONDS [COUNT]]; `maps` lists them");
    seconds = args_word(&args);
    count = args_word(&args);
    RP_TRY(args_end(args));
    if (seconds && !rp_parse_duration(seconds, &job->every_ns))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not a duration", "cannot watch every `%s`", seconds),
            "try 2, 500ms, 1m");
    if (count && !rp_parse_count(count, UINT32_MAX, &watch->left))
        return rp_error_new(EINVAL, "it is not a number", "cannot watch `%s` times", count);
    return NULL;
}

static struct rp_error *start_watch(struct prompt *prompt, const char *args, struct watch *watch) {
    struct job job = {.every_ns = 1000000000, .tick = watch_tick, .end = watch_end, .ctx = watch};
    struct entry *entry;
    const char *map;
    RP_TRY(read_watch(args, watch, &job));
    struct rp_error *err = entry_map(prompt, watch->word, &entry, &map);
    if (!entry)
        return err;
    RP_TRY(check_data(entry, map));
    watch->in_place = prompt->terminal && !prompt->tool->json && isatty(STDOUT_FILENO);
    job.mute = watch->in_place;
    job.enter_ends = true;
    RP_TRY(show(prompt, watch));
    if (watch->left == 1) {
        watch_end(prompt, watch);
        return NULL;
    }
    watch->left -= watch->left > 0;
    return prompt_start(prompt, &job);
}

static struct rp_error *watch_verb(struct prompt *prompt, const char *args) {
    struct watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return rp_error_nomem();
    struct rp_error *err = start_watch(prompt, args, watch);
    if (err)
        watch_end(prompt, watch);
    return err;
}

const struct verb map_verbs[] = {
    {"maps", "", "list the maps of all programs", NULL,
     "count sched_switch by comm\n"
     "maps",
     WORDS_NONE, maps},
    {"map", "NAME [clear|set KEY VALUE|del KEY]", "print or change a map",
     "NAME may be N.NAME, or just N if the program has only one map. Write keys and values "
     "according to their types: 42, -1, 0x2a, 'c', true, an enum's name; \"text\"; for structs {1, "
     "\"dd\"} or {.pid = 1}, where members that you leave out are zero. In a per-CPU map, `set` "
     "sets the value of the first CPU. `clear` sets the entries of an array to zero.",
     "count sched_switch by comm\n"
     "map counts\n"
     "map counts set {\"nobody\"} 5\n"
     "map counts del {\"nobody\"}\n"
     "map counts clear",
     WORDS_MAP, map},
    {"watch", "NAME [SECONDS [COUNT]]", "print a map again and again; on a terminal, in place",
     "Every second or every SECONDS (such as 500ms), until Ctrl-C or Enter, or COUNT times. Rows "
     "that come meanwhile are counted but not shown.",
     "count sched_switch by comm\n"
     "watch counts 200ms 3",
     WORDS_MAP, watch_verb},
    {0}};
