/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that ask: each line becomes C, which is compiled, attached and held. */
#include "prompt/prompt.h"
#include "util/error.h"

static struct rp_error *ask(struct prompt *prompt, enum rp_verb verb, const char *args) {
    struct rp_question *question;
    struct rp_error *err = rp_question_parse(verb, args, &question);
    return err ? err : entry_ask(prompt, question);
}

static struct rp_error *trace(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_TRACE, args);
}
static struct rp_error *count(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_COUNT, args);
}
static struct rp_error *hist(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_HIST, args);
}
static struct rp_error *latency(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_LATENCY, args);
}
static struct rp_error *stack(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_STACK, args);
}
static struct rp_error *profile(struct prompt *prompt, const char *args) {
    return ask(prompt, RP_VERB_PROFILE, args);
}

const struct verb question_verbs[] = {
    {"trace", "PROBE [EXPR…] [if COND]", "print a row each time",
     "EXPR is C over what the probe has by name: a function's arguments, a tracepoint's fields; "
     "and pid, tid, uid, comm, cpu, nsecs, cgroup, stack, and ret, what the function returns. "
     "Without EXPR the row has all of the probe's own. Text is shown as text, of a struct what "
     "tells most.\n\n"
     "PROBE is as with `reprobe run`, or just a name: of a function of the kernel or a tracepoint. "
     "COND is C as well, and may compare text: comm == \"dd\".",
     "trace sched_switch\n"
     "trace sched_process_exec pid filename if uid == 0\n"
     "trace sys_enter_openat filename flags",
     WORDS_QUESTION, trace},
    {"count", "PROBE… [by KEY…] [if COND]", "count how often",
     "KEY is an expression; with several there is a count for each combination. A probe may be a "
     "pattern: each place is counted by itself then. The counts are a map: `map counts` shows it.",
     "count sched_switch by comm\n"
     "count sched:sched_*\n"
     "count sys_enter_read by comm, fd if count > 4096",
     WORDS_QUESTION, count},
    {"hist", "PROBE EXPR [linear(LOW,HIGH,STEP)] [by KEY…] [if COND]",
     "draw how values are distributed", "By powers of two, or with linear() in steps of one size.",
     "hist sys_exit_read ret if ret > 0\n"
     "hist sys_enter_read count by comm\n"
     "hist sys_enter_read count linear(0,4096,512)",
     WORDS_QUESTION, hist},
    {"latency", "FUNCTION [by KEY…] [if COND]", "draw how long a function takes",
     "From its entry to its return, in microseconds. A system call's tracepoint will do.",
     "latency sys_enter_fsync by comm\n"
     "latency sys_enter_read",
     WORDS_QUESTION, latency},
    {"stack", "PROBE [by KEY…] [if COND]", "count the stacks that lead there", NULL,
     "stack sched_switch\n"
     "stack sys_enter_write if comm == \"bash\"",
     WORDS_QUESTION, stack},
    {"profile", "[HZ] [by KEY…] [if COND]", "count the stacks that the CPUs run",
     "So many times a second, 49 unless HZ says otherwise.",
     "profile\n"
     "profile 199 if comm == \"cc1\"",
     WORDS_QUESTION, profile},
    {0}};
