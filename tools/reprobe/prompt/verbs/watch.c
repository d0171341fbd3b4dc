/* SPDX-License-Identifier: Apache-2.0 */
/* watch: what has been gathered, again and again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"

#define NS_A_SECOND 1000000000ULL

/* ------------------------------------------------------------------ watch */

struct watch {
    char *word;    /* as the map was called: it may be another program's when that was reloaded */
    uint64_t left; /* times; 0: no end */
    size_t most;   /* rows; 0: all */
    struct rp_map_past *past;
    bool in_place;
    unsigned drawn; /* rows on the screen, above the prompt; not in place: blocks */
};

/* What the terminal has beside the prompt's own rows. */
static unsigned rows_left(void) {
    return screen_rows() > 5 ? (unsigned)screen_rows() - 2 : 3;
}

/* As many rows as there are, none wider than the terminal. Of histograms the last are shown, below
 * the first two rows: those with most. */
static unsigned draw(const char *text) {
    unsigned rows = 0, most = rows_left();
    for (const char *c = text; *c; c++)
        rows += *c == '\n';
    unsigned skip = rows > most ? rows - most : 0, row = 0;
    for (const char *line = text; *line; row++) {
        size_t length = strcspn(line, "\n");
        bool shown = row < 2 || row >= skip + 2, fits = memchr(line, '\033', length);
        if (shown)
            printf("%.*s\033[K\n",
                   (int)(fits ? length : screen_fit(line, length, screen_columns())), line);
        line += length + (line[length] == '\n');
    }
    return rows - skip;
}

static void redraw(struct watch *watch, const char *text) {
    if (watch->drawn)
        printf("\033[%uA\r\033[J", watch->drawn);
    watch->drawn = draw(text);
}

/* Of a table the fastest that there is room for below its two first rows, with a line that says how
 * many others there are. */
static struct map_look look_of(const struct prompt *prompt, const struct watch *watch) {
    struct map_look look = map_look(prompt);
    look.past = watch->past;
    look.most = watch->most;
    unsigned room = rows_left() - 3;
    if (watch->in_place && (!look.most || look.most > room))
        look.most = room;
    return look;
}

static struct rp_error *print(struct prompt *prompt, const struct watch *watch, char **text) {
    struct answer answer;
    size_t size;
    RP_TRY(entry_answer(prompt, watch->word, &answer));
    FILE *memory = open_memstream(text, &size);
    if (!memory)
        return rp_error_nomem();
    const struct map_look look = look_of(prompt, watch);
    struct rp_error *err = entry_print_answer(prompt, &answer, &look, memory);
    fclose(memory);
    return err;
}

static struct rp_error *show(struct prompt *prompt, struct watch *watch) {
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(print(prompt, watch, &text));
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
    rp_map_past_free(watch->past);
    free(watch->word);
    free(watch);
}

/* What it has counted is gone with each interval: how fast that grows says nothing. */
static struct rp_error *check_growth(const struct entry *entry) {
    const struct rp_question *question = entry->question;
    if (!question || !question->every_ns || question->verb == RP_VERB_TOP)
        return NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, "it prints each of its intervals by itself",
                                          "cannot watch [%u]", entry->number),
                             "to watch it, ask it without `every`");
}

static struct rp_error *start(struct prompt *prompt, const struct watch_opts *opts,
                              struct watch *watch) {
    struct answer answer;
    RP_TRY(entry_answer(prompt, opts->word, &answer));
    RP_TRY(check_growth(answer.entry));
    if (answer.map)
        RP_TRY(entry_check_data(answer.entry, answer.map));
    watch->word = opts->word ? strdup(opts->word) : NULL;
    if (opts->word && !watch->word)
        return rp_error_nomem();
    watch->left = opts->times;
    watch->most = opts->top;
    watch->past = rp_map_past_new();
    if (!watch->past)
        return rp_error_nomem();
    watch->in_place = prompt->terminal && !prompt->tool->json && screen_can_move();
    return show(prompt, watch);
}

struct rp_error *watch_start(struct prompt *prompt, const struct watch_opts *opts) {
    struct watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return rp_error_nomem();
    struct rp_error *err = start(prompt, opts, watch);
    const struct job job = {.every_ns = opts->every_ns ? opts->every_ns : NS_A_SECOND,
                            .tick = watch_tick,
                            .end = watch_end,
                            .ctx = watch,
                            .mute = watch->in_place,
                            .enter_ends = true};
    bool goes_on = !err && watch->left != 1;
    watch->left -= watch->left > 0;
    if (goes_on)
        err = prompt_start(prompt, &job);
    if (!goes_on || err)
        watch_end(prompt, watch);
    return err;
}

/* ------------------------------------------------------------------ the command */

/* "500ms", and not the number of a program, or "1.s", its map. */
static bool is_duration(struct prompt *prompt, const char *word) {
    uint64_t ns;
    struct answer answer;
    if (!word || !word[strspn(word, "0123456789.")] || !rp_parse_duration(word, &ns))
        return false;
    if (!strchr(word, '.'))
        return true;
    struct rp_error *err = entry_answer(prompt, word, &answer);
    bool is_map = !err;
    rp_error_free(err);
    return !is_map;
}

/* [SECONDS [COUNT]] */
static struct rp_error *read_times(const char **args, struct watch_opts *opts) {
    RP_AUTO_FREE char *seconds = args_word(args), *count = seconds ? args_word(args) : NULL;
    if (seconds && !rp_parse_duration(seconds, &opts->every_ns))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not a duration", "cannot watch every `%s`", seconds),
            "try 2, 500ms, 1m");
    if (count && (!rp_parse_count(count, UINT32_MAX, &opts->times) || !opts->times))
        return rp_error_new(EINVAL, "it is not a number", "cannot watch `%s` times", count);
    return NULL;
}

/* Cuts "top N" off the end. */
static struct rp_error *read_top(char *args, struct watch_opts *opts) {
    char *top = strstr(args, "top ");
    if (!top || (top > args && top[-1] != ' '))
        return NULL;
    const char *rest = top + strlen("top ");
    uint64_t count = 0;
    RP_AUTO_FREE char *word = args_word(&rest);
    RP_TRY(args_end(rest));
    if (!word || !rp_parse_count(word, UINT32_MAX, &count) || !count)
        return rp_error_hint_set(rp_error_new(EINVAL, "it is not a number of rows",
                                              "cannot watch the top `%s`", word ? word : ""),
                                 "watch top 5");
    opts->top = (size_t)count;
    *top = '\0';
    return NULL;
}

struct rp_error *watch_verb(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *copy = strdup(args);
    struct watch_opts opts = {0};
    if (!copy)
        return rp_error_nomem();
    RP_TRY(read_top(copy, &opts));
    const char *rest = copy;
    RP_AUTO_FREE char *word = args_word(&rest);
    if (is_duration(prompt, word))
        rest = copy;
    else
        opts.word = word;
    RP_TRY(read_times(&rest, &opts));
    RP_TRY(args_end(rest));
    return watch_start(prompt, &opts);
}
