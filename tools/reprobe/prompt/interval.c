/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that answer for each interval, `every 1s`: the program counts in the interval that goes
 * on; when it is over and no program counts in it any more, it is printed and deleted, so that each
 * event is in exactly one. `top` adds up all the while. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "compile/schema.h"
#include "entry.h"
#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define NS_A_SECOND 1000000000ULL

struct interval {
    struct prompt *prompt;
    struct entry *entry;
    int timer;
    uint64_t every_ns;
    size_t top;
    struct rp_map_past *past; /* of `top`: how fast it grows */
    uint64_t printed;
};

/* ------------------------------------------------------------------ which one goes on */

/* The next one begins; *over is the number of that which has ended. */
static struct rp_error *begin_next(int map, uint32_t *over) {
    uint32_t none = 0, next;
    if (bpf_map_lookup_elem(map, &none, over))
        return rp_error_new(errno, NULL, "cannot read which interval goes on");
    next = *over + 1;
    if (bpf_map_update_elem(map, &none, &next, BPF_ANY))
        return rp_error_new(errno, NULL, "cannot begin the next interval");
    return rp_wait_for_programs();
}

static struct rp_error *forget(const struct entry *entry, uint32_t over) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *map = rp_module_map_name(entry->module, i);
        const struct rp_map_schema *schema = rp_module_map_schema(entry->module, map);
        if (rp_map_schema_member(schema, false, RP_MEMBER_INTERVAL))
            RP_TRY(rp_map_delete_interval(entry->module, map, over));
    }
    return NULL;
}

/* ------------------------------------------------------------------ printing */

/* With thousandths where intervals are shorter than a second; malloc()ed. */
static char *time_text(const struct interval *interval) {
    char text[16];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    rp_time_text(now.tv_sec, text);
    return interval->every_ns % NS_A_SECOND ? rp_text("%s.%03ld", text, now.tv_nsec / 1000000)
                                            : strdup(text);
}

static void print_head(const struct interval *interval, const char *time, FILE *out) {
    struct rp_writer json;
    if (interval->prompt->tool->json) {
        rp_json_begin(&json, out);
        rp_json_string(&json, "time", time);
        rp_json_uint(&json, "probe", interval->entry->number);
        rp_json_uint(&json, "interval", interval->printed);
        rp_json_end(&json);
        return;
    }
    fprintf(out, "%s%s%s%s", interval->printed > 1 ? "\n" : "", screen_colour(COLOUR_HEADER), time,
            screen_colour(COLOUR_NONE));
    if (interval->prompt->entries.count > 1)
        fprintf(out, " [%u]", interval->entry->number);
    fputc('\n', out);
}

/* `over`: the interval; NULL: all that there is. */
static struct rp_error *print(struct interval *interval, const uint32_t *over) {
    RP_AUTO_FREE char *time = time_text(interval);
    struct map_look look = map_look(interval->prompt);
    if (!time)
        return rp_error_nomem();
    look.interval = over;
    look.largest_first = interval->top > 0;
    look.most = interval->top;
    look.past = interval->past;
    look.time = time;
    interval->printed++;
    FILE *out = output_block();
    if (!out)
        return NULL;
    print_head(interval, time, out);
    RP_TRY(entry_print_answers(interval->prompt, interval->entry, &look, out));
    fflush(out);
    return NULL;
}

static struct rp_error *end_one(struct interval *interval) {
    uint32_t over;
    int map = entry_map_of(interval->entry, RP_MEANS_INTERVAL); /* -1: it adds up all the while */
    if (map < 0)
        return print(interval, NULL);
    RP_TRY(begin_next(map, &over));
    RP_TRY(print(interval, &over));
    return forget(interval->entry, over);
}

static bool has_any(const struct entry *entry) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *map = rp_module_map_name(entry->module, i);
        if (rp_means_answer(rp_module_map_schema(entry->module, map)->means) &&
            !entry_map_is_empty(entry, map))
            return true;
    }
    return false;
}

struct rp_error *interval_end(const struct entry *entry) {
    return entry->interval->printed && !has_any(entry) ? NULL : end_one(entry->interval);
}

/* What is paused gathers nothing: the interval in which it was paused is the last. */
static bool is_silent(const struct interval *interval) {
    const struct entry *entry = interval->entry;
    return entry->ended || (entry->paused && (interval->past || !has_any(entry)));
}

static bool on_tick(void *ctx) {
    struct interval *interval = ctx;
    uint64_t times;
    if (read(interval->timer, &times, sizeof(times)) != sizeof(times) || is_silent(interval))
        return true;
    struct rp_error *err = end_one(interval);
    if (err)
        prompt_fail(interval->prompt, err);
    return !ferror(stdout) && !interval->prompt->leave;
}

/* ------------------------------------------------------------------ making and ending */

struct rp_error *interval_start(struct prompt *prompt, struct entry *entry) {
    const struct rp_question *question = entry->question;
    bool top = question->verb == RP_VERB_TOP;
    struct interval *interval = calloc(1, sizeof(*interval));
    if (!interval)
        return rp_error_nomem();
    *interval = (struct interval){.prompt = prompt,
                                  .entry = entry,
                                  .timer = -1,
                                  .every_ns = question->every_ns ? question->every_ns : NS_A_SECOND,
                                  .top = question->top ? (size_t)question->top
                                         : top         ? INTERVAL_TOP
                                                       : 0,
                                  .past = top ? rp_map_past_new() : NULL};
    entry->interval = interval;
    if (top && !interval->past)
        return rp_error_nomem();
    return prompt_timer(prompt, interval->every_ns, on_tick, interval, &interval->timer);
}

void interval_free(struct interval *interval) {
    if (!interval)
        return;
    if (interval->timer >= 0) {
        rp_session_unwatch(interval->prompt->session, interval->timer);
        close(interval->timer);
    }
    rp_map_past_free(interval->past);
    free(interval);
}
