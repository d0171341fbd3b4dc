/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prompt: what it holds, and how its parts know each other.
 *
 *   line (terminal, pipe, -e, -f) -> verb (the table in verbs.c) -> question or C -> held -> rows
 */
#ifndef REPROBE_PROMPT_H
#define REPROBE_PROMPT_H

#include "reprobe.h"

struct prompt;
struct held;
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
extern const struct verb ask_verbs[], code_verbs[], hold_verbs[], map_verbs[], look_verbs[],
    keep_verbs[], help_verbs[];
struct verb_group {
    const char *title;
    const struct verb *verbs;
};
extern const struct verb_group verb_groups[]; /* verbs.c; ended by a NULL title */
/* By its name, or the only one that begins so; or NULL. */
const struct verb *verb_find(const char *name, size_t length);

/* ------------------------------------------------------------------ what is held */

/* A question or a C program that runs, under its number. */
struct held {
    unsigned number;
    struct rp_question *question; /* NULL: the author's own C */
    char *name;                   /* of the source, in messages */
    char *text;                   /* the C as it would be compiled now */
    char *neutral;                /* see struct rp_written; NULL for the author's own */
    char *title;
    char **headers; /* see struct rp_written */
    size_t header_count;
    struct rp_module *module;
    struct rp_probe **probes; /* the session's */
    size_t probe_count;
    struct output *outputs;
    size_t output_count;
    bool paused;
};

struct prompt {
    struct rp_session *session;
    const struct rp_tool *tool; /* -p, -c, …, --json, -t, -v */
    struct held **held;         /* in the order of their numbers */
    size_t held_count;
    unsigned last_number;
    bool leave;    /* quit was said */
    bool failed;   /* a command of a script went wrong: the exit status */
    bool terminal; /* someone types */
};

/* hold.c. The one of that number ("2"); an error says which there are. */
struct rp_error *held_find(const struct prompt *prompt, const char *number, struct held **out);
/* Compiles, attaches and prints what is new: on an error nothing of it stays. */
struct rp_error *held_ask(struct prompt *prompt, struct rp_question *question);
struct rp_error *held_load(struct prompt *prompt, const char *name, const char *text);
/* Compiles `text` in place of what runs, with the maps that stay alike. On an error the old one
 * runs on. */
struct rp_error *held_replace(struct prompt *prompt, struct held *held, const char *text);
struct rp_error *held_move(struct prompt *prompt, struct held *held, const char *word);
void held_end(struct prompt *prompt, struct held *held);

/* The map that a word means: "counts", "2.counts", or "2" when 2 has but one. */
struct rp_error *held_map(const struct prompt *prompt, const char *word, struct held **held,
                          const char **map);
/* How maps of `held` are written: its unit, and what its keys mean. */
struct rp_map_format held_map_format(const struct prompt *prompt, const struct held *held);

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
