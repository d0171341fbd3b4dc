/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that end by themselves, `until N`: their programs count, and the loop looks. */
#include <bpf/bpf.h>
#include <unistd.h>

#include "compile/schema.h"
#include "entry.h"
#include "util/error.h"

/* How often it is looked: what comes in between is not taken. */
#define LOOK_NS 20000000

static bool takes_until(const struct entry *entry) {
    return entry->question && (entry->question->until || entry->question->until_condition);
}

bool until_reached(const struct entry *entry) {
    uint32_t none = 0;
    uint64_t taken;
    int map = takes_until(entry) ? entry_map_of(entry, RP_MEANS_TAKEN) : -1;
    return map >= 0 && !bpf_map_lookup_elem(map, &none, &taken) &&
           taken >= (entry->question->until ? entry->question->until : 1);
}

static bool any_goes_on(const struct prompt *prompt) {
    for (size_t i = 0; i < prompt->entries.count; i++) {
        const struct entry *entry = prompt->entries.items[i];
        if (takes_until(entry) && !entry->ended)
            return true;
    }
    return false;
}

/* The loop looks at all entries before it waits again. */
static bool on_look(void *ctx) {
    struct prompt *prompt = ctx;
    uint64_t times;
    ssize_t got = read(prompt->looks, &times, sizeof(times));
    (void)got; /* there is nothing in it but how often */
    if (!any_goes_on(prompt))
        until_close(prompt);
    return !prompt->leave;
}

struct rp_error *until_watch(struct prompt *prompt, const struct entry *entry) {
    if (!takes_until(entry) || prompt->looks >= 0)
        return NULL;
    return prompt_timer(prompt, LOOK_NS, on_look, prompt, &prompt->looks);
}

void until_close(struct prompt *prompt) {
    if (prompt->looks < 0)
        return;
    rp_session_unwatch(prompt->session, prompt->looks);
    close(prompt->looks);
    prompt->looks = -1;
}
