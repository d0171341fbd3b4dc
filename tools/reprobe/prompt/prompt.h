/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prompt: a line becomes a call of a verb.
 *
 *   input.c     where lines come from (terminal, pipe, -e, -f), how they wait for their turn
 *   verbs.c     a line is a verb and its arguments
 *   verbs/      what each verb does
 *   entry*.c    what is held: questions and C programs that run (entry.h)
 *   answers.c   what these have gathered (entry.h); interval.c: in each interval
 *   output.c    the rows that these print (entry.h); row.c: how a row looks
 *   child.c     other programs that have the terminal meanwhile; pager.c: the pager
 *   progress.c  how many of many are attached
 *   ahead.c     a question that is being typed, compiled in advance
 *   screen.c    the line that is being typed, messages, colours (screen.h)
 *
 * ../prompt.c is the command: its options, its loop, its signals.
 */
#ifndef REPROBE_PROMPT_H
#define REPROBE_PROMPT_H

#include "reprobe_query.h"
#include "reprobe_tool.h"
#include "util/nearest.h"
#include "util/text.h"
#include "util/vec.h"

struct prompt;
struct entry; /* entry.h */
struct lines; /* input.c */

/* What goes on while lines wait: it ends by itself or by Ctrl-C. */
struct job {
    uint64_t every_ns; /* between ticks; 0: none */
    /* False: it is over. */
    bool (*tick)(struct prompt *prompt, void *ctx);
    /* A child process has ended; may be NULL. False: the job is over. */
    bool (*child_ended)(struct prompt *prompt, void *ctx);
    void (*end)(struct prompt *prompt, void *ctx); /* however it ended; may be NULL */
    void *ctx;
    bool mute;               /* rows that come meanwhile are counted, and not shown */
    bool enter_ends;         /* a line that is entered ends it, too */
    bool command_ends;       /* so does the end of the command of -c */
    bool ignores_interrupts; /* Ctrl-C is for the program that has the terminal */
};

struct prompt {
    struct rp_session *session;
    const struct rp_tool *tool;      /* -p, -c, …, --json, -t, -v */
    const struct verb_group *groups; /* all verbs, in the order of help; ended by a NULL title */
    struct lines *lines;
    struct job *job;
    RP_VEC(struct entry *) entries; /* in the order of their numbers */
    unsigned last_number;
    bool leave;        /* the loop is to end */
    bool quit;         /* that was said: nothing more is printed */
    bool failed;       /* a command of a script went wrong: the exit status */
    bool terminal;     /* someone types */
    bool unsafe;       /* programs may change the system */
    bool with_self;    /* questions see what the prompt itself does */
    bool target_ended; /* that was said */
    bool is_warm;      /* the compiler has run once */
    /* Around a verb that is PAGED; may be NULL. */
    void (*page_begin)(const struct prompt *prompt);
    void (*page_end)(struct prompt *prompt);
    int signalled; /* an eventfd: a signal is to be looked at */
    int looks;     /* until.c's timer; -1: none */
    bool interrupted;
    bool passed_on; /* the program that has the terminal got a Ctrl-C, which left its mark there */
    struct rp_texts begins, ends; /* lines for when all is attached, and for the end */
    bool begun;                   /* those of `begins` have run */
    int status;                   /* that `quit` said; 0: as it went */
    int cut_by;                   /* the signal that ended a command of a script half-way, or 0 */
    char *types;                  /* what was declared, in C; NULL: nothing */
    enum { EXPAND_AUTO, EXPAND_ON, EXPAND_OFF } expand; /* a row takes a line for each column */
    bool milliseconds;                                  /* of the time before a row */
    uint64_t limit; /* places that a pattern may have; 0: as the defaults say */
};

/* ------------------------------------------------------------------ verbs: verbs.c */

/* What Tab offers for the words behind a verb. */
enum words {
    WORDS_NONE,
    WORDS_QUESTION, /* a probe, then expressions over its arguments, by, if */
    WORDS_PROBES,   /* probes */
    WORDS_NUMBER,   /* one that is held */
    WORDS_EITHER,   /* such a number, or a probe */
    WORDS_MOVE,     /* a number, then a probe */
    WORDS_ATTACH,   /* a number, one of its functions, then a probe */
    WORDS_MAP,      /* a map, then clear, set, del */
    WORDS_TYPE,     /* a kernel struct */
    WORDS_FILE,
    WORDS_VERB,
    WORDS_CHOICE, /* those that its arguments name, [a|b|c] */
    WORDS_EDIT,   /* a number, a file */
    WORDS_EXPORT, /* json or csv, a map or a number, a file */
};

/* With these: what the verb prints can be longer than a screen. */
#define PAGED 0x100

/* A command of the prompt: help, completion and the man page are made from this. */
struct verb {
    const char *name;
    const char *args;    /* "PROBE [EXPR…] [if COND]" */
    const char *what;    /* one line */
    const char *more;    /* a paragraph or two, or NULL */
    const char *example; /* commands that can be run as they stand, one a line */
    int words;           /* enum words, and perhaps PAGED */
    /* `args` is what stands behind the verb, without spaces around it; never NULL. */
    struct rp_error *(*run)(struct prompt *prompt, const char *args);
};

static inline enum words verb_words(const struct verb *verb) {
    return (enum words)(verb->words & ~PAGED);
}

struct verb_group {
    const char *title;
    const struct verb *verbs; /* ended by one whose name is NULL */
};

/* Adds the names of its verbs and of the tools. */
void verb_add_near(const struct prompt *prompt, struct rp_nearest *nearest);
/* By its name, or the only one that begins so; or NULL. */
const struct verb *verb_find(const struct prompt *prompt, const char *name, size_t length);
/* Whether the line is a question. */
bool verb_asks(const struct prompt *prompt, const char *line);
/* How much of the line comes before a comment: a # behind a space, and not in a text. */
size_t verb_code_length(const char *line);
/* Runs one line; an empty one and a comment (#) do nothing. */
struct rp_error *verb_run(struct prompt *prompt, const char *line);

/* Takes the next word off *args, a "quoted one" as a whole; malloc()ed, NULL if there is none. */
char *args_word(const char **args);
/* The spec of the probe that the only word names, as "./prog:load"; *spec, malloc()ed, is NULL
 * where it has no colon. */
struct rp_error *args_function(const char *args, char **spec);
/* An error if anything is left. */
struct rp_error *args_end(const char *args);
/* The error for a command that lacks an argument; `usage` is the hint. */
struct rp_error *args_missing(const char *why, const char *usage);

/* ------------------------------------------------------------------ lines: input.c */

/* Lines from -f and -e, in that order. */
struct rp_error *input_open(struct prompt *prompt);
void input_close(struct prompt *prompt);
struct rp_error *input_add_file(struct prompt *prompt, const char *path,
                                const struct rp_texts *parameters);
/* Runs such lines one after another, now. */
void input_run_all(struct prompt *prompt, const struct rp_texts *lines);
struct rp_error *input_add(struct prompt *prompt, const char *line);
/* Standard input comes behind them: as a terminal, as a file or pipe, or (`ended`) not at all. */
struct rp_error *input_begin(struct prompt *prompt, bool ended);
/* Another program reads the terminal meanwhile. */
void input_leave(struct prompt *prompt);
void input_return(struct prompt *prompt);
/* Forgets the lines that wait, and a block that was begun; true when there was one of these. */
bool input_clear(struct prompt *prompt);
/* What was typed so far of the block that is open; NULL when none is. */
const char *input_block(const struct prompt *prompt);
/* Nothing waits, and nothing more will come. */
bool input_is_over(const struct prompt *prompt);
/* The command of -c begins; not (false) where a line failed, and nothing is there to see it. */
bool input_start_command(const struct prompt *prompt);

/* Lines wait until the job is over; there is none yet when a command runs. */
struct rp_error *prompt_start(struct prompt *prompt, const struct job *job);
void prompt_end_job(struct prompt *prompt);

/* What takes the lines that follow, up to one that is a dot. */
typedef struct rp_error *(*block_fn)(struct prompt *prompt, const char *args, const char *text);
/* Takes the lines that follow, and gives them to `done` with a copy of `args`. */
struct rp_error *prompt_read_block(struct prompt *prompt, const char *args, block_fn done);
/* The same of a text that has begun with `first`, up to where its braces are closed. */
struct rp_error *prompt_read_braces(struct prompt *prompt, const char *first, block_fn done);

/* ------------------------------------------------------------------ in advance: ahead.c */

/* A question that stands still while it is typed is compiled in a child process, so that it begins
 * sooner when it is entered. */
struct rp_error *ahead_open(struct prompt *prompt);
void ahead_close(struct prompt *prompt);
/* A child process of the prompt has. */
void ahead_child_ended(void);
/* Keys were typed: what is compiled is not wanted any more, unless the line is the same. `asks`: it
 * is a command, not a line of a block. */
void ahead_typed(struct prompt *prompt, bool asks);
/* It was entered: waits for the rest of its compile. */
void ahead_entered(struct prompt *prompt, const char *line);

/* ------------------------------------------------------------------ progress.c */

/* `done` of `count` are attached. */
void progress_tell(size_t done, size_t count);
/* So many bytes of a program's debug information have been fetched, of `all`, or 0: nobody knows.
 */
void progress_fetching(const char *program, uint64_t got, uint64_t all);
/* All are, or no more are to be: takes away what it has shown. */
void progress_end(void);

/* ------------------------------------------------------------------ timer.c */

/* Calls `ready` every so often, until *fd is unwatched and closed: by the caller, also after an
 * error where it is not -1. */
struct rp_error *prompt_timer(struct prompt *prompt, uint64_t every_ns, rp_ready_fn ready,
                              void *ctx, int *fd);

/* ------------------------------------------------------------------ scripts: parameters.c */

/* The line, which is line `number` of the file `path`, with what was given in place of $1, $2, …;
 * malloc()ed. An error if one is missing. A line for the shell (!) stays as it is. */
struct rp_error *parameters_put(const struct rp_texts *given, const char *path, size_t number,
                                const char *line, char **out);
/* The line as a script has it, so that parameters_put() leaves it as it is; malloc()ed, or NULL. */
char *parameters_escape(const char *line);

/* ------------------------------------------------------------------ messages: screen.c */

/* To standard error. */
void prompt_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says so; NULL: there is nothing to say. */
void prompt_note(const char *note);
/* Prints the error, as everywhere, and frees it; a script's exit status will be 1. */
void prompt_fail(struct prompt *prompt, struct rp_error *err);
/* Prints it and no more. */
void prompt_print_error(const struct rp_error *err);

#endif
