/* SPDX-License-Identifier: Apache-2.0 */
/* Session entries that come to an end by themselves: iterators. */
#include "entry.h"
#include "screen.h"

static bool has_ended(const struct prompt *prompt, const struct entry *entry) {
    for (size_t i = 0; i < entry->probes.count; i++)
        if (!rp_session_probe_ended(prompt->session, entry->probes.items[i]))
            return false;
    return entry->probes.count > 0;
}

/* What it has counted, for whoever waits for it at a terminal. */
static void announce(struct prompt *prompt, const struct entry *entry) {
    prompt_say("[%u] done\n", entry->number);
    if (!prompt->terminal)
        return;
    screen_hide();
    struct rp_error *err =
        entry_print_maps(prompt, entry, prompt->tool->json ? RP_MAP_JSON : RP_MAP_TEXT, stdout);
    if (err)
        prompt_fail(prompt, err);
}

bool entry_look_for_ends(struct prompt *prompt) {
    bool all = prompt->entries.count > 0;
    for (size_t i = 0; i < prompt->entries.count; i++) {
        struct entry *entry = prompt->entries.items[i];
        bool before = entry->ended;
        entry->ended = has_ended(prompt, entry);
        if (entry->ended && !before)
            announce(prompt, entry);
        all &= entry->ended;
    }
    return all;
}
