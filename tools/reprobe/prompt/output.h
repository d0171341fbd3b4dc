/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is held: on the screen, and in a file. */
#ifndef REPROBE_OUTPUT_H
#define REPROBE_OUTPUT_H

#include "prompt.h"

/* Reads the outputs of held->module, and fills in held->outputs. Its rows are read until
 * rp_session_remove(); then output_free(). */
struct rp_error *output_read(struct prompt *prompt, struct entry *entry);
/* held->outputs are its own from now on, whoever read them first. */
void output_give(struct entry *entry);
void output_free(struct output *outputs, size_t count);
/* Whether any row was printed since it was held or resumed. */
bool output_scrolls(const struct entry *entry);
void output_resumed(struct entry *entry);
/* Rows are counted, not shown; and the end of that, which says how many there were. */
void output_mute(bool mute);

/* From now on rows go to a file as well: of all that is held, or (number) of one. */
struct rp_error *output_record(const char *path, unsigned number);
struct rp_error *output_record_end(void);
/* The file that rows go to, or NULL. */
const char *output_recorded(void);
void output_close(void);

#endif
