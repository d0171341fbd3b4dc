/* SPDX-License-Identifier: Apache-2.0 */
/* What all that is held has gathered. */
#include <stdio.h>

#include "entry.h"
#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

struct rp_error *entry_print_all(const struct prompt *prompt) {
    const struct map_look look = map_look(prompt);
    for (size_t i = 0; i < prompt->entries.count; i++) {
        struct entry *entry = prompt->entries.items[i];
        entry_say_lost(prompt, entry);
        if (entry->interval && !prompt->terminal) {
            RP_TRY(interval_end(entry));
            RP_TRY(entry_say_losses(entry));
            continue;
        }
        RP_TRY(entry_print_maps(prompt, entry, &look, stdout));
    }
    return NULL;
}

bool entry_show_answers(struct prompt *prompt) {
    bool any = false;
    for (size_t i = 0; i < prompt->entries.count && !any; i++)
        any = entry_has_answer(prompt->entries.items[i]);
    if (!any)
        return false;
    screen_hide();
    struct rp_error *err = entry_print_all(prompt);
    if (err)
        prompt_fail(prompt, err);
    fflush(stdout);
    return true;
}
