/* SPDX-License-Identifier: Apache-2.0 */
/* The line that is being typed, and the terminal it is typed in: screen.c; history.c. */
#ifndef REPROBE_SCREEN_H
#define REPROBE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Begins to read lines from standard input, a terminal; each is given to `line`, NULL at its end.
 * `complete` fills in what Tab offers (see screen.c). */
void screen_open(void (*line)(const char *line));
void screen_close(void);
/* Takes what was typed, up to the end of a line. */
void screen_key(void);
/* "reprobe> ", "... " */
void screen_set_prompt(const char *prompt);
/* Empties the line; true when there was something in it. */
bool screen_interrupt(void);
void screen_suspend(void);
void screen_resize(void);
/* Leaves the terminal to another program, and takes it back. */
void screen_leave(void);
void screen_return(void);

/* Of as many bytes of `text` as take at most `columns` columns. */
size_t screen_fit(const char *text, size_t length, int columns);
/* Colours for stderr; the rest of them is for stdout. */
const char *screen_talk_colour(int colour);
/* For people: broken at spaces where the terminal ends, further lines indented. */
void screen_wrap(FILE *out, const char *text, int indent);

struct prompt;
/* complete.c. Tab completes from now on. */
void complete_begin(const struct prompt *prompt);

/* history.c */
void history_open(void);
void history_keep(const char *line);
void history_close(void);
void history_print(FILE *out);

#endif
