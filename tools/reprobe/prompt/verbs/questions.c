/* SPDX-License-Identifier: Apache-2.0 */
/* The question commands: each line becomes C, which is compiled, attached and held. */
#include <stdlib.h>
#include <string.h>

#include "prompt/entry.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static struct rp_error *ask(struct prompt *prompt, enum rp_verb verb, const char *args) {
    struct rp_question *question;
    struct rp_error *err = rp_question_parse(verb, args, &question);
    return err ? err : entry_ask(prompt, question);
}

#define ASKS(name, verb)                                                                           \
    static struct rp_error *name(struct prompt *prompt, const char *args) {                        \
        return ask(prompt, verb, args);                                                            \
    }
ASKS(trace, RP_VERB_TRACE)
ASKS(count, RP_VERB_COUNT)
ASKS(top, RP_VERB_TOP)
ASKS(hist, RP_VERB_HIST)
ASKS(latency, RP_VERB_LATENCY)
ASKS(stack, RP_VERB_STACK)
ASKS(profile, RP_VERB_PROFILE)
ASKS(sum, RP_VERB_SUM)
ASKS(avg, RP_VERB_AVG)
ASKS(min, RP_VERB_MIN)
ASKS(max, RP_VERB_MAX)

static struct rp_error *stats(struct prompt *prompt, const char *args) {
    return *args ? ask(prompt, RP_VERB_STATS, args) : run_stats(prompt);
}

/* ------------------------------------------------------------------ types of one's own */

static struct rp_error *add_types(struct prompt *prompt, const char *args, const char *text) {
    (void)args;
    const char *last = text + strlen(text);
    while (last > text && strchr(" \t\n", last[-1]))
        last--;
    bool ended = last > text && last[-1] == ';';
    RP_AUTO_FREE char *all = rp_text("%s%.*s%s\n", prompt->types ? prompt->types : "",
                                     (int)(last - text), text, ended ? "" : ";");
    if (!all)
        return rp_error_nomem();
    RP_TRY(rp_question_check_types(all));
    free(prompt->types);
    prompt->types = rp_take(all);
    return NULL;
}

static struct rp_error *declare(struct prompt *prompt, const char *word, const char *args) {
    RP_AUTO_FREE char *first = rp_text("%s %s", word, args);
    return first ? prompt_read_braces(prompt, first, add_types) : rp_error_nomem();
}

static struct rp_error *declare_struct(struct prompt *prompt, const char *args) {
    return declare(prompt, "struct", args);
}
static struct rp_error *declare_union(struct prompt *prompt, const char *args) {
    return declare(prompt, "union", args);
}
static struct rp_error *declare_enum(struct prompt *prompt, const char *args) {
    return declare(prompt, "enum", args);
}
static struct rp_error *declare_typedef(struct prompt *prompt, const char *args) {
    return declare(prompt, "typedef", args);
}

const struct verb question_verbs[] = {
    {"trace", "PROBE[, PROBE…] [EXPR…|print \"TEXT {EXPR}\"] [if COND]",
     "print a row for each event",
     "EXPR is a C expression. It may use the arguments of the function or the fields of the "
     "tracepoint, pid, tid, uid, comm, cpu, nsecs, cgroup, ppid, parent, gid, user, curtask, "
     "elapsed, time, args, "
     "stack, kstack, ustack, and of a call its ret and "
     "duration. "
     "Numbers may have a unit: 10ms, 4KiB. Without EXPR the row shows all arguments or fields. "
     "Text is shown as text, a struct "
     "by its default fields; a program's std::string, Rust's String or Go's string is text, too. "
     "What each row "
     "begins with is shown once; a field or an argument that "
     "has such a name stands apart: field_pid.\n\nPROBE is a probe spec as for `reprobe run`, or "
     "just the name of a "
     "kernel function or tracepoint. COND is a C expression too, and may compare text: comm == "
     "\"dd\". Several probes, with commas in between, and patterns make one table; what a probe "
     "does not have is -. print shows a text in place of a row, with values in braces: "
     "{comm:-16}, {flags:x}.\n\nBehind any question, sample 1/N takes one of N events, until N "
     "ends "
     "it after N, "
     "and "
     "until COND with the first event for which COND is true. Behind those that count, every TIME "
     "answers for each interval: every 1s, or every 1s top 5.",
     "trace sched_switch\n"
     "trace sched_process_exec pid filename if uid == 0\n"
     "trace openat, close, read filename fd ret\n"
     "trace openat print \"{comm} opens {filename}\"\n"
     "trace sys_enter_openat filename flags until 10",
     WORDS_QUESTION, trace},
    {"count", "PROBE… [by KEY…] [if COND]", "count events",
     "KEY is an expression; several KEYs give a count for each combination. If PROBE is a pattern, "
     "each match has its own count. Ctrl-C or `map` shows the counts, `watch` shows them grow.",
     "count sched_switch by comm every 1s\n"
     "count sched:sched_*\n"
     "count sys_enter_read by comm, fd if count > 4096",
     WORDS_QUESTION, count},
    {"top", "[N] PROBE… by KEY… [if COND] [every TIME]",
     "count events, and show those that grow fastest",
     "The N keys (10) with the most events a second, and how many of them there were in all: once "
     "a second, or every TIME. On a terminal in place, until Ctrl-C or Enter; what it has counted "
     "is in the map counts.",
     "top sched_switch by comm\n"
     "top 5 sys_enter_read by comm, fd every 2s",
     WORDS_QUESTION, top},
    {"hist", "PROBE EXPR [linear(LOW,HIGH,STEP)] [by KEY…] [if COND]",
     "draw a histogram of a value",
     "The buckets are powers of two or, with linear(), of equal size.",
     "hist sys_exit_read ret if ret > 0\n"
     "hist sys_enter_read count by comm\n"
     "hist sys_enter_read count linear(0,4096,512)",
     WORDS_QUESTION, hist},
    {"sum", "PROBE EXPR [by KEY…] [if COND]", "add up a value",
     "The sum is exact, of any number of events and with negative values; it is in the map sums. "
     "avg, "
     "min and max are used alike, and `stats` shows all of these at once.",
     "sum sys_exit_read ret if ret > 0\n"
     "sum sys_enter_write count by comm",
     WORDS_QUESTION, sum},
    {"avg", "PROBE EXPR [by KEY…] [if COND]", "average a value",
     "To a thousandth; it is in the map averages.", "avg sys_exit_read ret by comm if ret >= 0",
     WORDS_QUESTION, avg},
    {"min", "PROBE EXPR [by KEY…] [if COND]", "show the smallest value", "It is in the map minima.",
     "min sys_enter_write count by comm", WORDS_QUESTION, min},
    {"max", "PROBE EXPR [by KEY…] [if COND]", "show the largest value", "It is in the map maxima.",
     "max sys_enter_write count by comm", WORDS_QUESTION, max},
    {"stats", "[PROBE EXPR [by KEY…] [if COND]]",
     "show count, sum, average, smallest and largest value; alone: how programs run",
     "They are in the map figures. Without a question: runs, time per run, events and losses of "
     "each "
     "program over one second.",
     "stats sys_enter_write count by comm\n"
     "stats",
     WORDS_QUESTION, stats},
    {"latency", "FUNCTION|A..B [matching EXPR[, EXPR]] [by KEY…] [if COND]",
     "draw a histogram of how long a function takes, or the way from A to B",
     "From its entry to its return, in microseconds. FUNCTION may also be the tracepoint of a "
     "system call. A..B is the time from one probe to another: of the same thread or, with "
     "matching, "
     "where EXPR is the same at A as (the second one) at B. Other questions take A..B, too, and "
     "then "
     "have `duration`.",
     "latency sys_enter_fsync by comm\n"
     "latency sched_wakeup..sched_switch matching pid, next_pid by next_comm",
     WORDS_QUESTION, latency},
    {"stack", "PROBE [by KEY…] [if COND]", "count the stacks that lead to a probe", NULL,
     "stack sched_switch\n"
     "stack sys_enter_write if comm == \"bash\"",
     WORDS_QUESTION, stack},
    {"profile", "[HZ] [by KEY…] [if COND]", "count the stacks that the CPUs run",
     "HZ times a second; the default is 49.",
     "profile\n"
     "profile 199 if comm == \"cc1\"",
     WORDS_QUESTION, profile},
    {"struct", "NAME { … };", "declare a struct of a program, for questions about its memory",
     "As in the program's own C; it may take several lines. Casts lead there: ((struct conf "
     "*)arg0)->s. Names that are declared hide the kernel's.",
     "struct point { int x, y; };\n"
     "trace uprobe:c:qsort arg1 ((struct point *)arg0)->y",
     WORDS_NONE, declare_struct},
    {"union", "NAME { … };", "the same of a union", NULL,
     "union word { unsigned n; char bytes[4]; };", WORDS_NONE, declare_union},
    {"enum", "NAME { … };", "the same of an enum", NULL,
     "enum colour { RED = 1, GREEN };\n"
     "count uprobe:c:exit if (int)arg0 == GREEN",
     WORDS_NONE, declare_enum},
    {"typedef", "TYPE NAME;", "the same of a name for a type", NULL, "typedef unsigned long ticks;",
     WORDS_NONE, declare_typedef},
    {0}};
