/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: the line that is being typed, what Tab offers, and how text looks. */
#ifndef REPROBE_SCREEN_H
#define REPROBE_SCREEN_H

#include "prompt.h"

/* ------------------------------------------------------------------ screen.c */

/* All that the prompt prints goes to stdout between these two, so that the line that is being typed
 * is never garbled; screen_show() comes by itself when there is nothing left to do. */
void screen_hide(void);
void screen_show(void);

/* Begins to read lines from standard input, a terminal; each is given to `line`, NULL at its end.
 */
void screen_open(void (*line)(const char *line));
void screen_close(void);
/* Takes what was typed, up to the end of a line or an interrupt. */
void screen_key(const struct rp_session *session);
/* "reprobe> ", "... " */
void screen_set_prompt(const char *prompt);
/* What is typed so far; "" when no line is read. */
const char *screen_line(void);
/* Empties the line; true when there was something in it. */
bool screen_interrupt(void);
void screen_suspend(void);
void screen_resize(void);
/* Leaves the terminal to another program, and takes it back. */
void screen_leave(void);
void screen_return(void);

/* Lines typed before, across runs of the prompt. */
void history_keep(const char *line);
/* Forgets the last one, if it is this. */
void history_drop(const char *line);
void history_print(FILE *out);

enum colour { COLOUR_NONE, COLOUR_NUMBER, COLOUR_HEADER, COLOUR_ERROR, COLOUR_HINT, COLOUR_DIM };
/* The codes for stdout, and for stderr; "" where there are no colours. */
const char *screen_colour(enum colour colour);
const char *screen_talk_colour(enum colour colour);
/* Whether stdout is a terminal whose cursor can be moved; and stderr. */
bool screen_can_move(void);
bool screen_can_talk_in_place(void);
/* Columns and rows of the terminal; 80 and 24 when there is none. */
int screen_columns(void);
int screen_rows(void);
/* Of as many bytes of `text` as take at most `columns` columns. */
size_t screen_fit(const char *text, size_t length, int columns);
/* For people: broken at spaces where the terminal ends, further lines indented. */
void screen_wrap(FILE *out, const char *text, int indent);

/* ------------------------------------------------------------------ complete.c */

/* Tab completes from now on. */
void complete_begin(const struct prompt *prompt);
/* Words that Tab offers at byte `at` of `line`. */
void complete_line(const struct prompt *prompt, const char *line, size_t at, rp_completion_fn each,
                   void *ctx);
/* Whether a file can stand at byte `start` of `line`. */
bool complete_wants_file(const struct prompt *prompt, const char *line, size_t start);

#endif
