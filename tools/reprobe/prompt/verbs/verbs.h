/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs: a file for each group, which ends in its table. */
#ifndef REPROBE_VERBS_H
#define REPROBE_VERBS_H

#include "prompt/prompt.h"

extern const struct verb question_verbs[], code_verbs[], probe_verbs[], map_verbs[], look_verbs[],
    shell_verbs[], inspect_verbs[], script_verbs[], save_verbs[], help_verbs[];

/* look.c: writes how rows look, where that is not as it is at first, as commands. */
void look_save(const struct prompt *prompt, FILE *out);

/* watch.c: shows an answer again and again, as the command does. */
struct watch_opts {
    const char *word;  /* as for entry_answer() */
    uint64_t every_ns; /* 0: a second */
    uint64_t times;    /* 0: until it is ended */
    size_t top;        /* rows of a table: the fastest; 0: all */
};
struct rp_error *watch_start(struct prompt *prompt, const struct watch_opts *opts);
struct rp_error *watch_verb(struct prompt *prompt, const char *args);
/* probes.c: shows how all programs run over one second. */
struct rp_error *run_stats(struct prompt *prompt);

/* edit.c: opens a program in the user's editor, and reloads it on each save. */
struct rp_error *edit_start(struct prompt *prompt, struct entry *entry);

#endif
