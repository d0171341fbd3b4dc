/* SPDX-License-Identifier: Apache-2.0 */
/* Where lines come from, and how they wait for their turn. */
#ifndef REPROBE_INPUT_H
#define REPROBE_INPUT_H

#include "prompt.h"

/* Lines from -f and -e, in that order. */
struct rp_error *input_open(struct prompt *prompt);
void input_close(struct prompt *prompt);
struct rp_error *input_add_file(struct prompt *prompt, const char *path);
struct rp_error *input_add(struct prompt *prompt, const char *line);
/* Standard input comes behind them: as a terminal, as a file or pipe, or (`ended`) not at all. */
struct rp_error *input_begin(struct prompt *prompt, bool ended);
/* Another program reads the terminal meanwhile. */
void input_leave(struct prompt *prompt);
void input_return(struct prompt *prompt);
/* Lines are taken when no job goes on: to be called when that has changed. */
void input_update(struct prompt *prompt);
/* Forgets the lines that wait, and a block that was begun; true when there was one of these. */
bool input_clear(struct prompt *prompt);
/* What was typed so far of the block that is open; NULL when none is. */
const char *input_block(const struct prompt *prompt);
/* Nothing waits, and nothing more will come. */
bool input_is_over(const struct prompt *prompt);

#endif
