/* SPDX-License-Identifier: Apache-2.0 */
/* A lesson: a folder NN-NAME with a file `lesson` that says what is in it and what is to be seen
 * when the student's program runs beside the workload. docs/design/course.md describes that file.
 */
#ifndef COURSE_LESSON_H
#define COURSE_LESSON_H

#include "reprobe.h"
#include "util/text.h"
#include "util/vec.h"

/* FIELD=VALUE or FIELD~REGEX: which rows or entries count. VALUE may be $FACT. */
struct lesson_filter {
    char *field, *value;
    bool is_regex;
};

enum measure_kind {
    MEASURE_ROWS,     /* how many rows of an output */
    MEASURE_DISTINCT, /* how many different values a field of these has */
    MEASURE_SUM,      /* the sum of a field of these */
    MEASURE_ENTRIES,  /* how many entries of a map */
    MEASURE_TOTAL,    /* the sum of their values; of a histogram, of its counts */
    MEASURE_LOST,     /* how many records were lost */
    MEASURE_LINES,    /* how many lines that were shown match a regular expression */
    MEASURE_TEXT,     /* how often a regular expression matches the program, comments left out */
};

/* A number that the check takes of what was seen. */
struct lesson_measure {
    char *name;
    enum measure_kind kind;
    char *of; /* the output or the map; of MEASURE_LINES and MEASURE_TEXT the expression; NULL: of
                 MEASURE_LOST */
    char *field; /* of MEASURE_DISTINCT and MEASURE_SUM */
    RP_VEC(struct lesson_filter) filters;
};

/* LEFT OP RIGHT: names of measures or facts, or numbers. */
struct lesson_term {
    char *left, *op, *right;
};

/* What is to be true (`want`), or when an advice fits (`advice`). */
struct lesson_rule {
    RP_VEC(struct lesson_term) terms;
    char *said; /* of advice: a regular expression for what reprobe says; or NULL */
    char *text; /* $NAME stands for a measure or a fact */
};

/* A typical wrong answer, for the course's own tests, and words of the advice that it gets. */
struct lesson_wrong {
    char *file; /* in the folder; NULL: the program as the student gets it */
    char *text;
};

struct lesson {
    unsigned number;
    char *name; /* "01-hello" */
    char *path; /* of the folder */
    char *title;
    unsigned minutes; /* that a student needs */
    unsigned seconds; /* that the program may run; 0: RUN_SECONDS */
    bool needs_kprobes;
    bool changes;             /* the program may change the system */
    char *workload;           /* a command in the folder */
    char *runner;             /* one that runs the program, in the place of reprobe run; or NULL */
    struct rp_texts options;  /* more of `reprobe run` */
    struct rp_texts programs; /* the files that the student gets: one of them solves it */
    struct rp_texts hints;
    RP_VEC(struct lesson_measure) measures;
    RP_VEC(struct lesson_rule) wants;
    RP_VEC(struct lesson_rule) advice;
    RP_VEC(struct lesson_wrong) wrong;
    char *right; /* said when it is solved */
};

struct lessons {
    RP_VEC(struct lesson *);
};

/* Reads the file `lesson` of the folder. An error names the line. */
struct rp_error *lesson_read(const char *path, struct lesson **out);
void lesson_free(struct lesson *lesson);

/* All lessons below `labs`, in their order. */
struct rp_error *lessons_read(const char *labs, struct lessons *out);
void lessons_clear(struct lessons *lessons);
/* The one of that number or name ("3", "03-exec", "exec"); NULL: there is none. */
const struct lesson *lessons_find(const struct lessons *lessons, const char *word);

/* The text of a file in the lesson's folder, malloc()ed. */
struct rp_error *lesson_file(const struct lesson *lesson, const char *folder, const char *name,
                             char **text);

#endif
