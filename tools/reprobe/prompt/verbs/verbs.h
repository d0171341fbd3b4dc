/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs: a file for each group, which ends in its table. */
#ifndef REPROBE_VERBS_H
#define REPROBE_VERBS_H

#include "prompt/prompt.h"

extern const struct verb question_verbs[], code_verbs[], probe_verbs[], map_verbs[],
    inspect_verbs[], save_verbs[], help_verbs[];

/* edit.c: opens a program in the user's editor, and reloads it on each save. */
struct rp_error *edit_start(struct prompt *prompt, struct entry *entry);

#endif
