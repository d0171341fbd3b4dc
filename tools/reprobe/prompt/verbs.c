/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: how a line becomes a call of one. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debuginfod.h"
#include "prompt.h"
#include "tools.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"

/* Calls `each` with all verbs, in the order of help. */
static void each_verb(const struct prompt *prompt, void (*each)(void *ctx, const struct verb *verb),
                      void *ctx) {
    for (const struct verb_group *group = prompt->groups; group->title; group++)
        for (const struct verb *verb = group->verbs; verb->name; verb++)
            each(ctx, verb);
}

struct search {
    const char *name;
    size_t length;
    const struct verb *exact, *begins;
    unsigned count; /* that begin with it */
    char list[256]; /* their names */
};

static void look_at(void *ctx, const struct verb *verb) {
    struct search *search = ctx;
    if (strncmp(verb->name, search->name, search->length) != 0)
        return;
    if (!verb->name[search->length])
        search->exact = verb;
    search->begins = verb;
    size_t used = strlen(search->list);
    snprintf(search->list + used, sizeof(search->list) - used, "%s%s", search->count++ ? ", " : "",
             verb->name);
}

static const struct verb *found(const struct search *search) {
    if (search->exact)
        return search->exact;
    return search->count == 1 ? search->begins : NULL;
}

const struct verb *verb_find(const struct prompt *prompt, const char *name, size_t length) {
    struct search search = {.name = name, .length = length};
    each_verb(prompt, look_at, &search);
    return found(&search);
}

/* ------------------------------------------------------------------ words */

char *args_word(const char **args) {
    const char *at = *args + strspn(*args, " \t");
    if (!*at)
        return NULL;
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    const char *begin = quote ? at + 1 : at;
    size_t length = quote ? strcspn(begin, quote == '"' ? "\"" : "'") : strcspn(begin, " \t");
    at = begin + length + (quote && begin[length]);
    *args = at + strspn(at, " \t");
    return strndup(begin, length);
}

struct rp_error *args_end(const char *args) {
    if (!*args)
        return NULL;
    return rp_error_new(EINVAL, "the command takes no more arguments", "cannot understand `%s`",
                        args);
}

struct rp_error *args_function(const char *args, char **spec) {
    RP_AUTO_FREE char *word = args_word(&args), *note = NULL;
    if (!word || !strchr(word, ':'))
        return NULL;
    RP_TRY(args_end(args));
    return rp_question_spec(word, spec, &note);
}

struct rp_error *args_missing(const char *why, const char *usage) {
    struct rp_error *err = rp_error_new(EINVAL, why, "the command is incomplete");
    return rp_error_hint_set(err, "%s", usage);
}

/* ------------------------------------------------------------------ running one */

static void consider(void *ctx, const struct verb *verb) {
    rp_nearest_add(ctx, verb->name);
}

/* Whether a question could ask there. */
static bool is_probe(const char *name) {
    RP_AUTO_FREE char *spec = NULL, *note = NULL;
    struct rp_error *err = rp_question_spec(name, &spec, &note);
    rp_error_free(err);
    return !err && rp_probe_exists(spec);
}

void verb_add_near(const struct prompt *prompt, struct rp_nearest *nearest) {
    each_verb(prompt, consider, nearest);
    for (const struct tool *tool = tools; tool->name; tool++)
        rp_nearest_add(nearest, tool->name);
}

static struct rp_error *unknown(const struct prompt *prompt, const struct search *search) {
    RP_AUTO_FREE char *name = strndup(search->name, search->length);
    if (!name)
        return rp_error_nomem();
    if (search->count > 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "several commands begin with it", "cannot run `%s`", name),
            "one of %s", search->list);
    struct rp_nearest nearest = {.wanted = name};
    verb_add_near(prompt, &nearest);
    RP_AUTO_FREE char *names = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err =
        rp_error_new(EINVAL, "there is no such command", "cannot run `%s`", name);
    if (names)
        return rp_error_hint_set(err, "did you mean %s? `help` lists the commands", names);
    if (is_probe(name))
        return rp_error_hint_set(err, "trace %s shows its calls; `help` lists the commands", name);
    return rp_error_hint_set(err, "`help` lists the commands");
}

static struct rp_error *run(struct prompt *prompt, const struct verb *verb, const char *rest) {
    RP_AUTO_FREE char *args = strdup(rest + strspn(rest, " \t"));
    if (!args)
        return rp_error_nomem();
    for (size_t end = strlen(args); end && isspace((unsigned char)args[end - 1]);)
        args[--end] = '\0';
    if ((verb->words & PAGED) && prompt->page_begin)
        prompt->page_begin(prompt);
    struct rp_error *err = verb->run(prompt, args);
    if ((verb->words & PAGED) && prompt->page_end)
        prompt->page_end(prompt);
    return err;
}

/* "?" and "!" need no space behind them. */
static size_t verb_length(const char *line) {
    return strchr("?!", *line) ? 1 : strcspn(line, " \t");
}

size_t verb_code_length(const char *line) {
    char quote = '\0';
    size_t at = 0;
    for (; line[at]; at++) {
        char c = line[at];
        if (quote && c == '\\' && line[at + 1])
            at++;
        else if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '#' && at && strchr(" \t", line[at - 1]))
            return at;
    }
    return at;
}

static struct rp_error *run_word(struct prompt *prompt, const char *line);

bool verb_asks(const struct prompt *prompt, const char *line) {
    line += strspn(line, " \t");
    size_t length = *line ? verb_length(line) : 0;
    const struct verb *verb = length ? verb_find(prompt, line, length) : NULL;
    return verb && verb_words(verb) == WORDS_QUESTION &&
           line[length + strspn(line + length, " \t")];
}

struct rp_error *verb_run(struct prompt *prompt, const char *line) {
    rp_debuginfod_again();
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return NULL;
    if (*line == '!') /* what is a comment there, a shell knows */
        return run_word(prompt, line);
    RP_AUTO_FREE char *code = strndup(line, verb_code_length(line));
    return code ? run_word(prompt, code) : rp_error_nomem();
}

static struct rp_error *run_word(struct prompt *prompt, const char *line) {
    size_t length = verb_length(line);
    struct search search = {.name = line, .length = length};
    each_verb(prompt, look_at, &search);
    if (*line == '?')
        return run(prompt, verb_find(prompt, "help", 4), line + 1);
    if (!search.exact && tool_find(line, length))
        return run(prompt, verb_find(prompt, "!", 1), line);
    const struct verb *verb = found(&search);
    if (!verb)
        return unknown(prompt, &search);
    return run(prompt, verb, line + length);
}
