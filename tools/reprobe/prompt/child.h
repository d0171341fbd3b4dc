/* SPDX-License-Identifier: Apache-2.0 */
/* Another program that has the terminal while the session's loop goes on: an editor, a pager, a
 * tool. */
#ifndef REPROBE_CHILD_H
#define REPROBE_CHILD_H

#include <sys/types.h>

#include "prompt.h"

/* Runs `command` with sh, `arg` (may be NULL) as its $1. `input` is its standard input; -1: the
 * terminal, or none where nobody types. It ends with us. */
struct rp_error *child_start(const struct prompt *prompt, const char *command, const char *arg,
                             int input, pid_t *child);
/* Runs it in front, as a job: `ended` (may be NULL) is called with its status when it has ended.
 * Closes `input` in any case. */
struct rp_error *child_run(struct prompt *prompt, const char *command, int input,
                           void (*ended)(struct prompt *prompt, int status));

#endif
