/* SPDX-License-Identifier: Apache-2.0 */
/* Commands for the programs that are held: list, move, pause, end, and what they cost. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

/* ------------------------------------------------------------------ probes */

static void print_json(const struct entry *entry, const char *line) {
    struct rp_writer json;
    rp_json_begin(&json, stdout);
    rp_json_uint(&json, "probe", entry->number);
    rp_json_string(&json, "state", entry_state(entry));
    rp_json_string(&json, "question", line);
    rp_json_array(&json, "attached");
    for (size_t i = 0; i < entry->probes.count; i++)
        rp_json_string(&json, NULL, rp_probe_spec(entry->probes.items[i]));
    rp_json_array_end(&json);
    rp_json_end(&json);
}

static void print_text(const struct entry *entry, const char *line) {
    char number[16];
    snprintf(number, sizeof(number), "[%u]", entry->number);
    printf("%s%-5s%s %-8s %s\n", screen_colour(COLOUR_NUMBER), number, screen_colour(COLOUR_NONE),
           entry_state(entry), line);
    for (size_t i = 0; i < entry->probes.count; i++) {
        size_t attach_points = rp_probe_match_count(entry->probes.items[i]);
        printf("      %s", rp_probe_spec(entry->probes.items[i]));
        if (rp_probe_is_pattern(rp_probe_spec(entry->probes.items[i])))
            printf(" (%zu matches)", attach_points);
        putchar('\n');
    }
}

static struct rp_error *probes(struct prompt *prompt, const char *args) {
    RP_TRY(args_end(args));
    for (size_t i = 0; i < prompt->entries.count; i++) {
        const struct entry *entry = prompt->entries.items[i];
        RP_AUTO_FREE char *line = entry_line(entry);
        if (!line)
            return rp_error_nomem();
        (prompt->tool->json ? print_json : print_text)(entry, line);
    }
    if (!prompt->entries.count)
        prompt_say("there are no programs\n");
    return NULL;
}

/* ------------------------------------------------------------------ move, pause, end */

/* What `until` has ended stays so. */
static void note_done(unsigned number) {
    RP_AUTO_FREE char *note =
        rp_text("[%u] has taken all the events that it was to, and sees no more", number);
    prompt_note(note);
}

static struct rp_error *retarget(struct prompt *prompt, const char *args) {
    struct entry *entry;
    RP_AUTO_FREE char *number = args_word(&args), *attach_point = args_word(&args);
    if (!attach_point)
        return args_missing("a number and a probe are needed", "retarget N PROBE");
    RP_TRY(args_end(args));
    RP_TRY(entry_find(prompt, number, &entry));
    bool is_done = entry->ended;
    unsigned its = entry->number;
    RP_TRY(entry_move(prompt, entry, attach_point));
    if (is_done)
        note_done(its);
    return NULL;
}

typedef struct rp_error *(*entry_fn)(struct prompt *prompt, struct entry *entry);

/* Calls `fn` with all, or with the one that is named. Without a word, if `bare`, with all. */
static struct rp_error *each_named(struct prompt *prompt, const char *args, bool bare,
                                   entry_fn fn) {
    RP_AUTO_FREE char *number = args_word(&args);
    struct entry *entry;
    RP_TRY(args_end(args));
    if (number ? strcmp(number, "all") != 0 : !bare) {
        RP_TRY(entry_find(prompt, number, &entry));
        return fn(prompt, entry);
    }
    for (size_t i = prompt->entries.count; i-- > 0;)
        RP_TRY(fn(prompt, prompt->entries.items[i]));
    return NULL;
}

static struct rp_error *end_one(struct prompt *prompt, struct entry *entry) {
    unsigned number = entry->number;
    const struct map_look look = map_look(prompt);
    if (prompt->terminal)
        RP_TRY(entry_print_maps(prompt, entry, &look, stdout));
    entry_end(prompt, entry);
    prompt_say("[%u] detached\n", number);
    return NULL;
}

static struct rp_error *pause_one(struct prompt *prompt, struct entry *entry) {
    if (entry->ended)
        return note_done(entry->number), NULL;
    RP_TRY(entry_pause(prompt, entry));
    prompt_say("[%u] paused\n", entry->number);
    return NULL;
}

static struct rp_error *resume_one(struct prompt *prompt, struct entry *entry) {
    RP_TRY(entry_resume(prompt, entry));
    prompt_say("[%u] resumed\n", entry->number);
    return NULL;
}

static struct rp_error *detach(struct prompt *prompt, const char *args) {
    return each_named(prompt, args, false, end_one);
}
static struct rp_error *pause_verb(struct prompt *prompt, const char *args) {
    return each_named(prompt, args, true, pause_one);
}
static struct rp_error *resume(struct prompt *prompt, const char *args) {
    return each_named(prompt, args, true, resume_one);
}

/* ------------------------------------------------------------------ stats */

/* What one of them had done when the sample was taken. */
struct sample {
    unsigned number;
    uint64_t runs, ns;
    struct rp_stats stream;
};

struct stats {
    int fd; /* the kernel counts while it is open */
    uint64_t since_ns;
    struct sample *samples;
    size_t count;
};

static void free_stats(struct stats *stats) {
    if (!stats)
        return;
    if (stats->fd >= 0)
        close(stats->fd);
    free(stats->samples);
    free(stats);
}

static void take_sample(const struct prompt *prompt, const struct entry *entry,
                        struct sample *sample) {
    *sample = (struct sample){.number = entry->number};
    for (size_t i = 0; i < entry->probes.count; i++) {
        uint64_t runs, ns;
        rp_run_stats(entry->probes.items[i], &runs, &ns);
        sample->runs += runs;
        sample->ns += ns;
    }
    sample->stream = *rp_session_module_stats(prompt->session, entry->module);
}

static double a_second(uint64_t now, uint64_t before, double seconds) {
    return (double)(now - before) / seconds;
}

static void print_sample(const struct prompt *prompt, const struct sample *before,
                         const struct sample *now, double seconds) {
    uint64_t runs = now->runs - before->runs, ns = now->ns - before->ns;
    double each = runs ? (double)ns / (double)runs : 0;
    double events = a_second(now->stream.delivered, before->stream.delivered, seconds);
    double lost = a_second(now->stream.lost, before->stream.lost, seconds);
    if (prompt->tool->json) {
        struct rp_writer json;
        rp_json_begin(&json, stdout);
        rp_json_uint(&json, "probe", now->number);
        rp_json_double(&json, "runs_s", 1, (double)runs / seconds);
        rp_json_double(&json, "ns_per_run", 1, each);
        rp_json_double(&json, "cpu_percent", 2, (double)ns / seconds / 1e7);
        rp_json_double(&json, "events_s", 1, events);
        rp_json_double(&json, "lost_s", 1, lost);
        rp_json_uint(&json, "events", now->stream.delivered);
        rp_json_uint(&json, "lost", now->stream.lost);
        rp_json_end(&json);
    } else {
        printf("[%u]%*s %10.0f %8.0f %6.2f %10.0f %8.0f %12" PRIu64 " %8" PRIu64 "\n", now->number,
               now->number < 10 ? 1 : 0, "", (double)runs / seconds, each,
               (double)ns / seconds / 1e7, events, lost, now->stream.delivered, now->stream.lost);
    }
}

static bool print_stats(struct prompt *prompt, void *ctx) {
    const struct stats *stats = ctx;
    double seconds = rp_ms_since(stats->since_ns) / 1e3;
    screen_hide();
    if (!prompt->tool->json)
        printf("%s%-4s %10s %8s %6s %10s %8s %12s %8s%s\n", screen_colour(COLOUR_HEADER), "N",
               "RUNS/s", "ns/RUN", "%CPU", "EVENTS/s", "LOST/s", "EVENTS", "LOST",
               screen_colour(COLOUR_NONE));
    for (size_t i = 0; i < stats->count; i++) {
        struct sample now;
        struct entry *entry = prompt->entries.items[i]; /* no command ran meanwhile */
        take_sample(prompt, entry, &now);
        print_sample(prompt, &stats->samples[i], &now, seconds);
        struct rp_error *err = entry_say_losses(entry);
        if (err)
            prompt_fail(prompt, err);
    }
    return false;
}

static void end_stats(struct prompt *prompt, void *ctx) {
    (void)prompt;
    free_stats(ctx);
}

static struct rp_error *begin_stats(struct prompt *prompt, struct stats *stats) {
    RP_TRY(rp_run_stats_enable(&stats->fd));
    stats->samples = calloc(prompt->entries.count, sizeof(*stats->samples));
    if (!stats->samples)
        return rp_error_nomem();
    for (; stats->count < prompt->entries.count; stats->count++)
        take_sample(prompt, prompt->entries.items[stats->count], &stats->samples[stats->count]);
    stats->since_ns = rp_now_ns();
    const struct job job = {
        .every_ns = 1000000000, .tick = print_stats, .end = end_stats, .ctx = stats};
    return prompt_start(prompt, &job);
}

struct rp_error *run_stats(struct prompt *prompt) {
    if (!prompt->entries.count) {
        prompt_say("there are no programs\n");
        return NULL;
    }
    struct stats *stats = calloc(1, sizeof(*stats));
    if (!stats)
        return rp_error_nomem();
    stats->fd = -1;
    struct rp_error *err = begin_stats(prompt, stats);
    if (err)
        free_stats(stats);
    return err;
}

/* ------------------------------------------------------------------ wait, limit */

static bool wait_over(struct prompt *prompt, void *ctx) {
    (void)prompt;
    (void)ctx;
    return false;
}

static struct rp_error *wait_verb(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *text = args_word(&args);
    struct job job = {.tick = wait_over, .command_ends = !text};
    RP_TRY(args_end(args));
    if (text && !rp_parse_duration(text, &job.every_ns))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not a duration", "cannot wait `%s`", text),
            "try 10, 500ms, 2m");
    if (!input_start_command(prompt) || (!text && rp_session_target_ended(prompt->session)))
        return NULL;
    return prompt_start(prompt, &job);
}

static struct rp_error *limit(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *text = args_word(&args);
    RP_TRY(args_end(args));
    if (text && !rp_parse_count(text, UINT32_MAX, &prompt->limit))
        return rp_error_new(EINVAL, "it is not a number of matches", "cannot set the limit `%s`",
                            text);
    if (prompt->limit)
        printf("a pattern may have %" PRIu64 " matches\n", prompt->limit);
    else
        printf("a pattern may have %d matches, or %d if they are attached one by one\n",
               ENTRY_LIMIT_AT_ONCE, ENTRY_LIMIT_ONE_BY_ONE);
    return NULL;
}

const struct verb probe_verbs[] = {
    {"probes", "", "list the programs, and where they are attached", NULL,
     "count sched_switch by comm\n"
     "probes",
     WORDS_NONE | PAGED, probes},
    {"retarget", "N PROBE", "move a program to another probe",
     "The new probe is live before the old one ends: no event of the new one is missed, and no "
     "event of the old one comes after the answer. If the C stays the same, nothing is compiled. "
     "Otherwise new C is written, and a map that is declared as before keeps its contents, but for "
     "counts by attach point, which begin anew.",
     "count sys_enter_read by comm\n"
     "retarget last sys_enter_write",
     WORDS_MOVE, retarget},
    {"detach", "N|all", "end a program", NULL,
     "trace sched_switch\n"
     "detach last",
     WORDS_NUMBER, detach},
    {"pause", "[N|all]", "pause a program until you resume it",
     "Ctrl-C pauses all programs that print rows.",
     "trace sched_switch\n"
     "pause last",
     WORDS_NUMBER, pause_verb},
    {"resume", "[N|all]", "resume a paused program",
     "Calls that a question saw begin before the pause are told of as left out: their returns may "
     "not "
     "have been seen.",
     "trace sched_switch\n"
     "pause last\n"
     "resume last",
     WORDS_NUMBER, resume},
    {"wait", "[DURATION]", "make a script wait, by default until the command of -c ends", NULL,
     "count sched_switch by comm\n"
     "wait 100ms\n"
     "map counts",
     WORDS_NONE, wait_verb},
    {"limit", "[N]", "show or set how many matches a pattern may have", NULL, "limit 5000",
     WORDS_NONE, limit},
    {0}};
