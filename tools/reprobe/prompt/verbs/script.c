/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a script of questions: what is run when all is attached and at the end, and text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "query/own_text.h"
#include "util/cleanup.h"
#include "util/error.h"

static struct rp_error *keep(struct rp_texts *lines, const char *args, const char *usage) {
    if (!*args)
        return args_missing("no command was given", usage);
    return rp_texts_add(lines, strdup(args)) ? NULL : rp_error_nomem();
}

/* Whoever types has all attached already. */
static struct rp_error *begin(struct prompt *prompt, const char *args) {
    static const char usage[] = "begin print \"it begins\"";
    if (!prompt->terminal && !prompt->begun)
        return keep(&prompt->begins, args, usage);
    return *args ? verb_run(prompt, args) : args_missing("no command was given", usage);
}

static struct rp_error *end(struct prompt *prompt, const char *args) {
    return keep(&prompt->ends, args, "end map counts");
}

static struct rp_error *print(struct prompt *prompt, const char *args) {
    RP_AUTO(rp_own_text_clear) struct rp_own_text text = {0};
    size_t length = strlen(args);
    const char *at, *why = NULL;
    (void)prompt;
    if (length < 2 || *args != '"' || args[length - 1] != '"')
        return args_missing("its text stands in quotation marks", "print \"it begins\"");
    why = rp_own_text_read(args, length, &text, &at);
    for (size_t i = 0; !why && i < text.count; i++)
        why = text.items[i].expr ? "there is no event to read it of; \\{ is a brace" : NULL;
    if (why)
        return rp_error_new(EINVAL, why, "cannot print %s", args);
    const char *last = text.count ? text.items[text.count - 1].text : "";
    screen_hide();
    for (size_t i = 0; i < text.count; i++)
        fputs(text.items[i].text, stdout);
    if (!*last || last[strlen(last) - 1] != '\n')
        putchar('\n');
    fflush(stdout);
    return NULL;
}

const struct verb script_verbs[] = {
    {"begin", "COMMAND", "run a command of a script when all of it is attached",
     "Before the command of -c starts. At a terminal it is run at once. A script's lines begin "
     "with "
     "# where they are comments, and a # behind a space makes one of the rest of a line; $1 is the "
     "first word behind the script's name, ${2:-openat} the second one, or openat where there is "
     "none.",
     "begin print \"Counting until Ctrl-C…\"", WORDS_VERB, begin},
    {"end", "COMMAND", "run a command at the end, before what was gathered is printed",
     "The end is what --for, --events, Ctrl-C and the end of the command of -c bring about.",
     "end print \"That was it.\"", WORDS_VERB, end},
    {"print", "\"TEXT\"", "print a text", "With \\n, \\t, \\\" and the like.",
     "print \"Opening files:\"", WORDS_NONE, print},
    {0}};
