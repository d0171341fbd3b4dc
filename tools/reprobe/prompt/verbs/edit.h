/* SPDX-License-Identifier: Apache-2.0 */
/* edit N: opens a program in the user's editor, and reloads it on each save. */
#ifndef REPROBE_EDIT_H
#define REPROBE_EDIT_H

#include "prompt/prompt.h"

struct rp_error *edit_start(struct prompt *prompt, struct entry *entry);
bool edit_goes_on(const struct prompt *prompt);
/* A child has ended: perhaps the editor. */
void edit_child(struct prompt *prompt);

#endif
