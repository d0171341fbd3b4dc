/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that end by themselves, `until N`: their programs count, and the loop looks. */
#include <bpf/bpf.h>
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "compile/schema.h"
#include "entry.h"
#include "util/error.h"

/* How often it is looked: what comes in between is not taken. */
#define LOOK_NS 20000000L

bool until_reached(const struct entry *entry) {
    uint32_t none = 0;
    uint64_t taken;
    if (!entry->question || !entry->question->until)
        return false;
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *map = rp_module_map_name(entry->module, i);
        if (rp_module_map_schema(entry->module, map)->means == RP_MEANS_TAKEN &&
            !bpf_map_lookup_elem(rp_module_map_fd(entry->module, map), &none, &taken))
            return taken >= entry->question->until;
    }
    return false;
}

static bool any_goes_on(const struct prompt *prompt) {
    for (size_t i = 0; i < prompt->entries.count; i++) {
        const struct entry *entry = prompt->entries.items[i];
        if (entry->question && entry->question->until && !entry->ended)
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
    const struct timespec time = {0, LOOK_NS};
    if (!entry->question || !entry->question->until || prompt->looks >= 0)
        return NULL;
    prompt->looks = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (prompt->looks < 0 ||
        timerfd_settime(prompt->looks, 0, &(struct itimerspec){time, time}, NULL))
        return rp_error_new(errno, NULL, "cannot set a timer");
    return rp_session_watch(prompt->session, prompt->looks, on_look, prompt);
}

void until_close(struct prompt *prompt) {
    if (prompt->looks < 0)
        return;
    rp_session_unwatch(prompt->session, prompt->looks);
    close(prompt->looks);
    prompt->looks = -1;
}
