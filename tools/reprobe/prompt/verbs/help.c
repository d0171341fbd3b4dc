/* SPDX-License-Identifier: Apache-2.0 */
/* help and quit. The help texts come from the tables of commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/screen.h"
#include "prompt/tools.h"
#include "prompt/verbs/verbs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* What takes the place of what for those who come from bpftrace; docs/from-bpftrace.md has all. */
static const struct {
    const char *verb, *theirs, *ours;
} replaced[] = {
    {"trace",
     "tracepoint:syscalls:sys_enter_openat { printf(\"%s %s\\n\", comm, str(args->filename)); }",
     "trace openat filename"},
    {"count", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }",
     "count raw_syscalls:sys_enter by comm"},
    {"top",
     "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } interval:s:1 { print(@, 5); }",
     "top 5 raw_syscalls:sys_enter by comm"},
    {"hist", "tracepoint:syscalls:sys_exit_read { @bytes = hist(args->ret); }",
     "hist sys_exit_read ret"},
    {"sum", "tracepoint:syscalls:sys_enter_write { @[comm] = sum(args->count); }",
     "sum write count by comm"},
    {"avg", "tracepoint:syscalls:sys_enter_write { @ = avg(args->count); }", "avg write count"},
    {"min", "tracepoint:syscalls:sys_enter_write { @ = min(args->count); }", "min write count"},
    {"max", "tracepoint:syscalls:sys_enter_write { @ = max(args->count); }", "max write count"},
    {"stats", "tracepoint:syscalls:sys_enter_write { @[comm] = stats(args->count); }",
     "stats write count by comm"},
    {"latency",
     "tracepoint:syscalls:sys_enter_fsync { @t[tid] = nsecs; } tracepoint:syscalls:sys_exit_fsync "
     "/@t[tid]/ { @us = hist((nsecs - @t[tid]) / 1000); delete(@t[tid]); }",
     "latency fsync"},
    {"stack", "tracepoint:sched:sched_switch { @[kstack] = count(); }", "stack sched_switch"},
    {"profile", "profile:hz:99 { @[kstack, ustack] = count(); }", "profile 99"},
    {"begin", "BEGIN { printf(\"it begins\\n\"); }", "begin print \"it begins\""},
    {"end", "END { printf(\"it ends\\n\"); }", "end print \"it ends\""},
};

/* Calls `each` with what the verb replaces. */
static void each_replaced(const struct verb *verb,
                          void (*each)(const char *theirs, const char *ours)) {
    for (size_t i = 0; i < RP_COUNT(replaced); i++)
        if (!strcmp(replaced[i].verb, verb->name))
            each(replaced[i].theirs, replaced[i].ours);
}

/* ------------------------------------------------------------------ for the screen */

static void print_replaced(const char *theirs, const char *ours) {
    RP_AUTO_FREE char *line = rp_text("    %s", theirs);
    puts("\nin place of bpftrace's:");
    if (line)
        screen_wrap(stdout, line, 8);
    printf("write:\n    %s\n", ours);
}

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
    each_replaced(verb, print_replaced);
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

static void man_replaced(const char *theirs, const char *ours) {
    puts("In place of bpftrace's");
    puts(".Bd -literal -offset indent -compact");
    man_text(theirs, false);
    puts(".Ed\nwrite");
    puts(".Bd -literal -offset indent -compact");
    man_text(ours, false);
    puts(".Ed");
}

/* One argument of a macro: a quote in it would end it. */
static void man_argument(const char *text) {
    fputs(" No \"", stdout);
    for (; *text; text++)
        fputs(*text == '"' ? "\\(dq" : (char[]){*text, '\0'}, stdout);
    putchar('"');
}

static void man_one(const struct verb *verb) {
    printf(".It Cm %s", verb->name);
    if (*verb->args)
        man_argument(verb->args);
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
    each_replaced(verb, man_replaced);
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
    RP_AUTO_FREE char *status = args_word(&args);
    uint64_t number = 0;
    RP_TRY(args_end(args));
    bool is_status = !status || !strcmp(status, "0") || rp_parse_count(status, 255, &number);
    if (!is_status)
        return rp_error_new(EINVAL, "it is not a number from 0 to 255", "cannot end with `%s`",
                            status);
    prompt->status = (int)number;
    prompt->failed &= !status; /* whoever says how it ends means that */
    prompt->leave = prompt->quit = true;
    return NULL;
}

const struct verb help_verbs[] = {
    {"help", "[COMMAND]", "list the commands, or explain one", NULL, "help trace",
     WORDS_VERB | PAGED, help},
    {"quit", "[STATUS]", "end all programs and leave",
     "On a terminal it shows what they have gathered, as Ctrl-D does; in a script `map` shows it, "
     "before. "
     "With that exit status; else it is 1 if a command of a script went wrong, and 0 if not.",
     "quit", WORDS_NONE, quit},
    {"exit", "[STATUS]", "the same as quit", NULL, NULL, WORDS_NONE, quit},
    {0}};
