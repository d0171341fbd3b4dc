/* SPDX-License-Identifier: Apache-2.0 */
/* The session entries: questions and C programs that run, each under its number; their maps and
 * rows. */
#ifndef REPROBE_ENTRY_H
#define REPROBE_ENTRY_H

#include "prompt.h"
#include "record/losses.h"
#include "util/text.h"

/* How many attach points a pattern may have unless `limit` says more: attached at once, or one by
 * one. */
#define ENTRY_LIMIT_AT_ONCE    1000
#define ENTRY_LIMIT_ONE_BY_ONE 200

/* Where a function is, or will be, attached. */
struct attach_point {
    char *function, *spec;
};
struct attach_points {
    RP_VEC(struct attach_point);
};
void attach_points_clear(struct attach_points *attach_points);
#define AUTO_ATTACH_POINTS RP_AUTO(attach_points_clear) struct attach_points

static inline void cleanup_generated(struct rp_generated **generated) {
    rp_generated_free(*generated);
}
#define AUTO_GENERATED RP_AUTO(cleanup_generated) struct rp_generated *

/* A question or a C program that runs. */
struct entry {
    unsigned number;
    struct rp_question *question; /* NULL: the author's own C */
    char *name;                   /* of the source, in messages */
    char *text;                   /* the C as it would be compiled now; NULL of an object file */
    char *neutral;                /* see struct rp_generated; NULL for the author's own */
    bool is_file;                 /* `name` is the path of the C: its own headers are beside it */
    char *title;
    struct rp_text_piece *pieces; /* of the text that its rows become; NULL: they are a table */
    size_t piece_count;
    struct rp_texts settings; /* "NAME=VALUE" of libbpf's dialect */
    struct rp_schema *schema; /* see struct rp_generated; NULL for the author's own */
    struct rp_module *module;
    RP_VEC(struct rp_probe *) probes; /* the session's */
    struct output *outputs;           /* output.c */
    size_t output_count;
    bool prints_trace; /* to the kernel's trace pipe */
    RP_VEC(struct rp_texts)
    names;                  /* of the matches of each probe: they outlive it, and are as
                               short as tells them apart */
    struct rp_stack *stack; /* names its stacks; NULL: it has none */
    bool paused;
    uint64_t lost;              /* rows, as they were told of */
    struct rp_losses_told told; /* what else was lost, in the same way */
    bool ended; /* its iterators have come to their end, or it has taken as many as it was to */
    struct interval *interval; /* it answers for each (interval.c); NULL: once */
    char *draft;               /* what was edited, and did not run */
};

/* ------------------------------------------------------------------ entry_find.c */

/* The one of that number ("2"); an error says which there are. */
struct rp_error *entry_find(const struct prompt *prompt, const char *number, struct entry **out);
/* The descriptor of its map that means this; -1: it has none. */
int entry_map_of(const struct entry *entry, enum rp_meaning means);

/* ------------------------------------------------------------------ entry.c */

struct rp_error *attach_points_add(struct attach_points *attach_points, const char *function,
                                   const char *spec);
/* Adds where it is attached now. */
struct rp_error *entry_attach_points(const struct entry *entry,
                                     struct attach_points *attach_points);

/* As one would type it: the question, or the name of the C. malloc()ed. */
char *entry_line(const struct entry *entry);
void entry_print_title(const struct entry *entry);

/* Its programs alone: it is running, or paused, as before. Returns are the last to be paused and
 * the first to be resumed. */
struct rp_error *entry_pause_probes(struct prompt *prompt, struct entry *entry);
struct rp_error *entry_resume_probes(struct prompt *prompt, struct entry *entry);
struct rp_error *entry_pause(struct prompt *prompt, struct entry *entry);
struct rp_error *entry_resume(struct prompt *prompt, struct entry *entry);
/* "running", "paused", or "done": see `ended`. */
const char *entry_state(const struct entry *entry);
/* Pauses what prints rows, and says which; false when nothing does. */
bool entry_pause_rows(struct prompt *prompt);
/* Ends all that runs of it, and frees it, whether it was held already or not. */
void entry_end(struct prompt *prompt, struct entry *entry);
/* Frees what we know of all; what the kernel has goes with the session. */
void entry_forget_all(struct prompt *prompt);

/* It is not held yet; NULL without memory. */
struct entry *entry_new(unsigned number, const char *name);
/* Takes down by name where its probes are: they will have ended when that is needed. */
struct rp_error *entry_take_names(struct entry *entry);
/* What there is to say of a module that was compiled. */
void entry_print_notes(const struct prompt *prompt, const struct entry *entry);

/* Compiles, attaches and prints what is new: on an error nothing of it stays. */
struct rp_error *entry_ask(struct prompt *prompt, struct rp_question *question);
/* Adds copies to its settings; false: no memory. */
bool entry_copy_settings(struct entry *entry, const struct rp_texts *settings);
/* Its C; an error where it was loaded from an object file, which has none. */
struct rp_error *entry_text(const struct entry *entry, const char **text);
/* What is loaded. */
struct entry_source {
    const char *name;
    const char *text;                   /* NULL: it is the object file `name` */
    bool is_file;                       /* `name` is a path */
    struct attach_points attach_points; /* empty: to what its functions name */
    struct rp_texts settings;
};
struct rp_error *entry_load(struct prompt *prompt, const struct entry_source *source);
/* One more probe of it. */
struct rp_error *entry_attach(struct prompt *prompt, struct entry *entry, const char *function,
                              const char *spec);

/* Compiles entry->text and makes it run, with the maps of the one `before` it that stay alike
 * (NULL: there was none). On an error nothing of it does. */
struct rp_error *entry_bring_up(struct prompt *prompt, struct entry *entry,
                                const struct attach_points *attach_points,
                                const struct entry *before);
/* The program of its question, and where that is to be attached. */
struct rp_error *entry_generate(const struct entry *entry, struct rp_generated **generated,
                                struct attach_points *attach_points);
/* Takes the text over, and what belongs to it. */
void entry_take_generated(struct entry *entry, struct rp_generated *generated);
/* An error when the spec is a pattern that matches more than may be attached. */
struct rp_error *entry_check_limit(const struct prompt *prompt, const char *spec);

/* ------------------------------------------------------------------ until.c */

/* Has the loop look for the end of a question that takes so many events. */
struct rp_error *until_watch(struct prompt *prompt, const struct entry *entry);
/* Whether it has taken as many events as it was to. */
bool until_reached(const struct entry *entry);
/* Closes what until_watch() opened. */
void until_close(struct prompt *prompt);

/* ------------------------------------------------------------------ interval.c */

/* Rows that `top` shows unless it says how many. */
#define INTERVAL_TOP 10
/* Prints from now on what its question has gathered in each interval. */
struct rp_error *interval_start(struct prompt *prompt, struct entry *entry);
/* Prints what the last one has, though it is not over. */
struct rp_error *interval_end(const struct entry *entry);
/* NULL is allowed. */
void interval_free(struct interval *interval);

/* ------------------------------------------------------------------ entry_attach.c */

void entry_free_names(struct entry *entry);
/* Says what its probes may do to the programs that they are in. */
void entry_note_probes(const struct attach_points *attach_points);
/* What its attach points are called, for rp_layout_name_places(); malloc()ed, NULL without memory.
 */
char *entry_place_names(const struct entry *entry);
/* "FUNCTION=PROBE" of each, as the compiler needs them. */
struct rp_error *entry_attach_words(const struct attach_points *attach_points, char ***words);
void entry_free_words(char ***words);
struct rp_error *entry_attach_one(struct prompt *prompt, struct entry *entry, const char *function,
                                  const char *spec);
/* To `attach_points`, and each function that is not among them to what it names. An edited text may
 * have lost some of the functions that ran (`some`). */
struct rp_error *entry_attach_all(struct prompt *prompt, struct entry *entry,
                                  const struct attach_points *attach_points, bool some);

/* ------------------------------------------------------------------ entry_move.c */

/* Compiles `text` in place of what runs, with the maps that stay alike. On an error the old one
 * runs on. */
struct rp_error *entry_replace(struct prompt *prompt, struct entry *entry, const char *text);
struct rp_error *entry_move(struct prompt *prompt, struct entry *entry, const char *word);

/* ------------------------------------------------------------------ answers.c */

/* The map that a word means: "counts" or "2.counts". On an error *entry is NULL. */
struct rp_error *entry_map(const struct prompt *prompt, const char *word, struct entry **entry,
                           const char **map);
/* How a map is to look; see struct rp_map_format. */
struct map_look {
    int as;
    size_t columns, most;
    struct rp_map_past *past;
    const uint32_t *interval;
    bool largest_first;
    const char *time;
    bool named;
};
/* As the command line says, for whoever looks at standard output. */
struct map_look map_look(const struct prompt *prompt);
/* One of its maps, or all that have data, to `out`. */
struct rp_error *entry_print_map(const struct prompt *prompt, const struct entry *entry,
                                 const char *map, const struct map_look *look, FILE *out);
struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry,
                                  const struct map_look *look, FILE *out);
/* The same without what was left out. */
struct rp_error *entry_print_answers(const struct prompt *prompt, const struct entry *entry,
                                     const struct map_look *look, FILE *out);
/* Whether the map (not an array) has no entries. */
bool entry_map_is_empty(const struct entry *entry, const char *map);
/* An error when the map holds events, stacks or programs, and not data. */
struct rp_error *entry_check_data(const struct entry *entry, const char *map);
/* What an entry has gathered. */
struct answer {
    struct entry *entry;
    const char *map; /* NULL: all of its maps that have answers */
};
bool entry_has_answer(const struct entry *entry);
/* What a word means: a map, or of a number or `last` all that it has gathered; NULL: the newest
 * answer. On an error out->entry is NULL. */
struct rp_error *entry_answer(const struct prompt *prompt, const char *word, struct answer *out);
struct rp_error *entry_print_answer(const struct prompt *prompt, const struct answer *answer,
                                    const struct map_look *look, FILE *out);
/* Says at a terminal how to see it. */
void entry_print_how(const struct prompt *prompt, const struct entry *entry);
/* Says how many of its rows were lost since it was last said. */
void entry_say_lost(const struct prompt *prompt, struct entry *entry);
/* Says what else was left out. */
struct rp_error *entry_say_losses(const struct entry *entry);
/* The same while it runs, where it has become much more since it was last said. */
struct rp_error *entry_say_losses_so_far(struct entry *entry);
/* Names an attach point, and a stack in one line, for struct rp_map_format; `entry` is a struct
 * entry. */
char *entry_number_text(void *entry, const struct rp_map_number *number);

/* ------------------------------------------------------------------ metrics.c */

/* Adds what its maps have; of each so many keys at most. */
struct rp_error *entry_collect(const struct entry *entry, uint64_t limit,
                               struct rp_metrics *metrics);

/* ------------------------------------------------------------------ answers_all.c */

/* All maps of all that is held, to stdout. */
struct rp_error *entry_print_all(const struct prompt *prompt);
/* All answers, for whoever looks at the screen; false: there are none. */
bool entry_show_answers(struct prompt *prompt);

/* ------------------------------------------------------------------ output.c */

/* Reads the outputs of entry->module, and fills in entry->outputs. Its rows are read until
 * rp_session_remove(); then output_free(). */
struct rp_error *output_read(struct prompt *prompt, struct entry *entry);
/* entry->outputs are its own from now on, whoever read them first. */
void output_give(struct entry *entry);
void output_free(struct output *outputs, size_t count);
/* Whether any row was printed since it was held or resumed. */
bool output_scrolls(const struct entry *entry);
void output_resumed(struct entry *entry);
/* Its places have other names from now on. */
void output_places_change(const struct entry *entry);
/* A header stands above the next row of each. */
void output_looks_change(const struct prompt *prompt);
/* Rows are counted, not shown; and the end of that, which says how many there were. */
void output_mute(bool mute);
/* Where an interval's answer is to be printed: standard output, or what output_mute(false) will
 * print. NULL: too much waits there, so that it will only say how many there were. */
FILE *output_block(void);

/* From now on rows go to a file as well: of all that is held, or (number) of one. */
struct rp_error *output_record(const char *path, unsigned number);
struct rp_error *output_record_end(void);
/* What it has got so far is in the file from now on. */
struct rp_error *output_record_flush(void);
/* The file that rows go to, or NULL. */
const char *output_recorded(void);
void output_close(struct prompt *prompt);

#endif
