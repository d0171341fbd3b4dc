/* SPDX-License-Identifier: Apache-2.0 */
/* help and quit. The help texts come from the tables of commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/screen.h"
#include "prompt/tools.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------------ for the screen */

static void print_entry(const char *name, const char *what) {
    RP_AUTO_FREE char *line = rp_text("  %-12s %s", name, what);
    if (line)
        screen_wrap(stdout, line, 15);
}

static void print_all(const struct prompt *prompt) {
    for (const struct verb_group *group = prompt->groups; group->title; group++) {
        printf("%s%s%s\n", screen_colour(COLOUR_HEADER), group->title, screen_colour(COLOUR_NONE));
        for (const struct verb *verb = group->verbs; verb->name; verb++)
            print_entry(verb->name, verb->what);
    }
    printf("%sTools%s\n", screen_colour(COLOUR_HEADER), screen_colour(COLOUR_NONE));
    for (const struct tool *tool = tools; tool->name; tool++)
        print_entry(tool->name, tool->what);
    puts("\nhelp COMMAND explains a command. N is the number of a program, or `last`.");
}

static void print_text(const char *text) {
    RP_AUTO_FREE char *copy = strdup(text);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (*line)
            screen_wrap(stdout, line, 0);
        else
            putchar('\n');
    }
}

static void print_example(const char *example) {
    puts("\nexample:");
    for (const char *line = example; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("    %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_one(const struct verb *verb) {
    printf("%s%s%s%s%s\n", screen_colour(COLOUR_HEADER), verb->name, *verb->args ? " " : "",
           verb->args, screen_colour(COLOUR_NONE));
    print_text(verb->what);
    if (verb->more) {
        putchar('\n');
        print_text(verb->more);
    }
    if (verb->example)
        print_example(verb->example);
}

/* ------------------------------------------------------------------ for the man page */

/* Prints text as mdoc needs it: escapes a backslash, and a dot or an apostrophe at the beginning of
 * a line; puts each sentence of `prose` on its own line. */
static void man_text(const char *text, bool prose) {
    bool begins = true;
    for (; *text; text++) {
        if (text[0] == '\n' && text[1] == '\n') {
            fputs("\n.Pp\n", stdout);
            begins = true;
            text++;
            continue;
        }
        if (begins && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        bool ends = prose && *text == ' ' && text[-1] == '.';
        begins = ends || *text == '\n';
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(ends ? '\n' : *text);
    }
    putchar('\n');
}

static void man_one(const struct verb *verb) {
    printf(".It Cm %s", verb->name);
    if (*verb->args)
        printf(" No \"%s\"", verb->args);
    putchar('\n');
    man_text(verb->what, true);
    if (verb->more) {
        puts(".Pp");
        man_text(verb->more, true);
    }
    if (verb->example) {
        puts(".Bd -literal -offset indent");
        man_text(verb->example, false);
        puts(".Ed");
    }
}

static void print_man(const struct prompt *prompt) {
    puts(".Sh COMMANDS");
    for (const struct verb_group *group = prompt->groups; group->title; group++) {
        printf(".Ss %s\n.Bl -tag -width Ds\n", group->title);
        for (const struct verb *verb = group->verbs; verb->name; verb++)
            man_one(verb);
        puts(".El");
    }
}

/* ------------------------------------------------------------------ the commands */

static struct rp_error *help(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *word = args_word(&args);
    RP_TRY(args_end(args));
    if (!word)
        return print_all(prompt), NULL;
    if (strcmp(word, "--man") == 0)
        return print_man(prompt), NULL;
    const struct verb *verb = verb_find(prompt, word, strlen(word));
    const struct tool *tool = verb ? NULL : tool_find(word, strlen(word));
    if (tool) {
        print_entry(tool->name, tool->what);
        printf("\n`%s --help` lists its options; Ctrl-C ends it.\n", tool->name);
        return NULL;
    }
    if (!verb)
        return rp_error_hint_set(
            rp_error_new(ENOENT, "there is no such command", "cannot explain `%s`", word),
            "`help` lists the commands");
    print_one(verb);
    return NULL;
}

static struct rp_error *quit(struct prompt *prompt, const char *args) {
    RP_TRY(args_end(args));
    prompt->leave = prompt->quit = true;
    return NULL;
}

const struct verb help_verbs[] = {
    {"help", "[COMMAND]", "list the commands, or explain one", NULL, "help trace",
     WORDS_VERB | PAGED, help},
    {"quit", "", "end all programs and leave, as Ctrl-D does", NULL, "quit", WORDS_NONE, quit},
    {"exit", "", "the same as quit", NULL, NULL, WORDS_NONE, quit},
    {0}};
