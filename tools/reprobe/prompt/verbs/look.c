/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that say how rows look. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/entry.h"
#include "prompt/verbs/verbs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The number of the word among `names`; *which stays as it is without a word. */
static struct rp_error *choose(const char *args, const char *const *names, size_t count,
                               size_t *which) {
    RP_AUTO_FREE char *word = args_word(&args);
    RP_TRY(args_end(args));
    for (size_t i = 0; i < count; i++) {
        if (!word || strcmp(word, names[i]) != 0)
            continue;
        *which = i;
        return NULL;
    }
    if (!word)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(EINVAL, "there is no such choice", "cannot take `%s`", word),
        "one of %s, %s%s%s", names[0], names[1], count > 2 ? ", " : "", count > 2 ? names[2] : "");
}

static const char *const expand_names[] = {
    [EXPAND_AUTO] = "auto", [EXPAND_ON] = "on", [EXPAND_OFF] = "off"};

void look_save(const struct prompt *prompt, FILE *out) {
    if (prompt->expand != EXPAND_AUTO)
        fprintf(out, "expand %s\n", expand_names[prompt->expand]);
    fputs(rp_stack_shows_lines() ? "lines on\n" : "", out);
    fputs(prompt->milliseconds ? "time ms\n" : "", out);
}

static struct rp_error *expand(struct prompt *prompt, const char *args) {
    size_t which = prompt->expand;
    RP_TRY(choose(args, expand_names, RP_COUNT(expand_names), &which));
    prompt->expand = which;
    prompt_say("expand is %s\n", expand_names[which]);
    return NULL;
}

static struct rp_error *time_verb(struct prompt *prompt, const char *args) {
    static const char *const names[] = {"s", "ms"};
    size_t which = prompt->milliseconds;
    RP_TRY(choose(args, names, RP_COUNT(names), &which));
    prompt->milliseconds = which;
    output_looks_change(prompt);
    prompt_say("the time before a row has %s\n", which ? "milliseconds" : "seconds");
    return NULL;
}

static struct rp_error *lines(struct prompt *prompt, const char *args) {
    static const char *const names[] = {"off", "on"};
    size_t which = rp_stack_shows_lines();
    (void)prompt;
    RP_TRY(choose(args, names, RP_COUNT(names), &which));
    rp_stack_show_lines(which);
    prompt_say("lines are %s\n", names[which]);
    return NULL;
}

const struct verb look_verbs[] = {
    {"expand", "[auto|on|off]", "print a row at a terminal as a line for each column",
     "`auto`, as it is at first, does so with rows that are wider than the terminal even when "
     "their "
     "text is cut. Cut text ends in …; numbers are not cut.",
     "expand on\n"
     "trace sched_switch",
     WORDS_CHOICE, expand},
    {"lines", "[on|off]", "FILE:LINE behind each function of a process's stack",
     "It is known of programs and libraries that have debug information (-g, or a package -dbgsym) "
     "and belong to root or to you.",
     "lines on\n"
     "count write by ustack",
     WORDS_CHOICE, lines},
    {"time", "[s|ms]", "the time before a row, in seconds or with milliseconds",
     "It is the time at which the row came to reprobe.", "time ms", WORDS_CHOICE, time_verb},
    {0}};
