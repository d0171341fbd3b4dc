/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prompt: what it holds, and how its parts know each other.
 *
 *   line (terminal, pipe, -e, -f) -> verb (the table in verbs.c) -> question or C -> held -> rows
 */
#ifndef REPROBE_PROMPT_H
#define REPROBE_PROMPT_H

#include "reprobe_query.h"
#include "reprobe_tool.h"

struct prompt;
struct entry;
struct output; /* one stream of a held program, and how it prints: output.c */

/* ------------------------------------------------------------------ verbs */

/* What Tab offers for the words behind a verb. */
enum words {
    WORDS_NONE,
    WORDS_QUESTION, /* a probe, then expressions over its arguments, by, if */
    WORDS_PROBES,   /* probes */
    WORDS_NUMBER,   /* one that is held */
    WORDS_MOVE,     /* a number, then a probe */
    WORDS_ATTACH,   /* a number, one of its functions, then a probe */
    WORDS_MAP,      /* a map, then clear, set, del */
    WORDS_TYPE,     /* a kernel struct */
    WORDS_FILE,
    WORDS_VERB,
    WORDS_EXPORT, /* json or csv, a map or a number, a file */
};

/* A command of the prompt: help, completion and the man page are made from this. */
struct verb {
    const char *name;
    const char *args;    /* "PROBE [EXPR…] [if COND]" */
    const char *what;    /* one line */
    const char *more;    /* a paragraph or two, or NULL */
    const char *example; /* commands that can be run as they stand, one a line */
    enum words words;
    /* `args` is what stands behind the verb, without spaces around it; never NULL. */
    struct rp_error *(*run)(struct prompt *prompt, const char *args);
};

/* One file each, in the order of help; each ends with a verb whose name is NULL. */
extern const struct verb question_verbs[], code_verbs[], probe_verbs[], map_verbs[],
    inspect_verbs[], save_verbs[], help_verbs[];
struct verb_group {
    const char *title;
    const struct verb *verbs;
};
extern const struct verb_group verb_groups[]; /* verbs.c; ended by a NULL title */
/* By its name, or the only one that begins so; or NULL. */
const struct verb *verb_find(const char *name, size_t length);
/* Runs one line; an empty one and a comment (#) do nothing. */
struct rp_error *verb_run(struct prompt *prompt, const char *line);

/* Takes the next word off *args, a "quoted one" as a whole; malloc()ed, NULL if there is none. */
char *args_word(const char **args);
/* An error if anything is left. */
struct rp_error *args_end(const char *args);
/* The error for a command that lacks an argument; `usage` is the hint. */
struct rp_error *args_missing(const char *why, const char *usage);

/* ------------------------------------------------------------------ what is held */

/* Where a function is, or shall be, attached. */
struct attach_point {
    char *function, *spec;
};
struct attach_points {
    struct attach_point *list;
    size_t count;
};
struct rp_error *attach_points_add(struct attach_points *attach_points, const char *function,
                                   const char *spec);
void attach_points_clear(struct attach_points *attach_points);

/* A question or a C program that runs, under its number. */
struct entry {
    unsigned number;
    struct rp_question *question; /* NULL: the author's own C */
    char *name;                   /* of the source, in messages */
    char *text;                   /* the C as it would be compiled now */
    char *neutral;                /* see struct rp_generated; NULL for the author's own */
    char *title;
    char **headers; /* see struct rp_generated */
    size_t header_count;
    struct rp_module *module;
    struct rp_probe **probes; /* the session's */
    size_t probe_count;
    struct output *outputs;
    size_t output_count;
    bool prints_trace; /* to the kernel's trace pipe */
    struct names {     /* of places, of each probe: they outlive it */
        char **list;
        size_t count;
    } * names;
    size_t name_count;
    struct rp_stack *stack; /* of a program that counts stacks */
    bool paused;
    char *draft; /* what was edited, and did not run */
};

/* Something that goes on while lines wait: it ends by itself or by Ctrl-C. */
struct job {
    uint64_t every_ns; /* between ticks; 0: none */
    /* False: it is over. */
    bool (*tick)(struct prompt *prompt, void *ctx);
    void (*end)(struct prompt *prompt, void *ctx); /* however it ended; may be NULL */
    void *ctx;
    bool mute;       /* rows that come meanwhile are counted, and not shown */
    bool enter_ends; /* a line that is entered ends it, too */
};

/* What takes the lines that follow, up to one that is a dot. */
typedef struct rp_error *(*block_fn)(struct prompt *prompt, const char *args, const char *text);

struct lines; /* input.c */

struct prompt {
    struct rp_session *session;
    const struct rp_tool *tool; /* -p, -c, …, --json, -t, -v */
    struct lines *lines;
    struct job *job;
    struct entry **entries; /* in the order of their numbers */
    size_t entry_count;
    unsigned last_number;
    bool leave;    /* the loop shall end */
    bool quit;     /* that was said: nothing more is printed */
    bool failed;   /* a command of a script went wrong: the exit status */
    bool terminal; /* someone types */
    bool is_warm;  /* the compiler has run once */
    int signalled; /* an eventfd: a signal is to be looked at */
    bool interrupted;
    uint64_t limit; /* places that a pattern may have; 0: as the defaults say */
};

/* prompt.c */
/* Lines wait until the job is over; there is none yet when a command runs. */
struct rp_error *prompt_start(struct prompt *prompt, const struct job *job);
void prompt_end_job(struct prompt *prompt);
/* Takes the lines that follow, and gives them to `done` with a copy of `args`. */
struct rp_error *prompt_read_block(struct prompt *prompt, const char *args, block_fn done);
/* To standard error. */
void prompt_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What signals have led to, before anything else is read. */
void prompt_handle_signals(struct prompt *prompt);
/* No more lines will come. */
void prompt_ended(struct prompt *prompt);
/* Prints the error, as everywhere, and frees it; a script's exit status will be 1. */
void prompt_fail(struct prompt *prompt, struct rp_error *err);

/* hold.c. The one of that number ("2"); an error says which there are. */
struct rp_error *entry_find(const struct prompt *prompt, const char *number, struct entry **out);
/* Compiles, attaches and prints what is new: on an error nothing of it stays. */
struct rp_error *entry_ask(struct prompt *prompt, struct rp_question *question);
struct rp_error *entry_load(struct prompt *prompt, const char *name, const char *text);
/* Compiles `text` in place of what runs, with the maps that stay alike. On an error the old one
 * runs on. */
struct rp_error *entry_replace(struct prompt *prompt, struct entry *entry, const char *text);
struct rp_error *entry_move(struct prompt *prompt, struct entry *entry, const char *word);
void entry_end(struct prompt *prompt, struct entry *entry);

/* The map that a word means: "counts", "2.counts", or "2" when 2 has but one. */
struct rp_error *entry_map(const struct prompt *prompt, const char *word, struct entry **entry,
                           const char **map);
/* How maps of `held` are written: its unit, and what its keys mean. */
struct rp_map_format entry_map_format(const struct prompt *prompt, const struct entry *entry);

/* ------------------------------------------------------------------ the terminal */

/* screen.c. All that the prompt prints goes to stdout between these two, so that the line that is
 * being typed is never garbled; screen_show() comes by itself when there is nothing left to do. */
void screen_hide(void);
void screen_show(void);
/* Whether colours may be used; and the codes, "" when not. */
enum colour { COLOUR_NONE, COLOUR_NUMBER, COLOUR_HEADER, COLOUR_ERROR, COLOUR_HINT, COLOUR_DIM };
const char *screen_colour(enum colour colour);
/* Columns of the terminal; 80 when there is none. */
int screen_columns(void);

/* Words that Tab offers at byte `at` of `line`: complete.c. */
void complete_line(const struct prompt *prompt, const char *line, size_t at, rp_completion_fn each,
                   void *ctx);

#endif
