/* SPDX-License-Identifier: Apache-2.0 */
/* What a check says: right, or what is not right yet, and an advice. */
#ifndef COURSE_VERDICT_H
#define COURSE_VERDICT_H

#include <stdio.h>

#include "course/lesson.h"

enum outcome {
    OUTCOME_RIGHT,
    OUTCOME_NOT_YET, /* it ran, and something is not as it is to be */
    OUTCOME_REFUSED, /* it did not compile, or the kernel refused it */
    OUTCOME_ENDED,   /* it took too long or printed too much, and was ended */
};

struct verdict_want {
    bool ok;
    char *text;
};

struct verdict {
    enum outcome outcome;
    char *advice; /* NULL: none fits */
    char *said;   /* by reprobe, if it was refused; else NULL */
    RP_VEC(struct verdict_want) wants;
};

/* What a run has shown. */
struct seen {
    const char *rows;    /* JSON lines */
    const char *said;    /* reprobe's talk */
    const char *facts;   /* the workload's NAME=VALUE lines */
    const char *program; /* its text */
    bool ran;            /* it compiled, was attached, and ended by itself */
};

/* Fills in all but the outcomes of a run that did not end. */
struct rp_error *verdict_of(const struct lesson *lesson, const struct seen *seen,
                            struct verdict *out);
void verdict_clear(struct verdict *verdict);

/* One JSON object on a line, with `lesson`'s name. */
void verdict_write(const struct lesson *lesson, const struct verdict *verdict, FILE *out);
/* Such a line; an error if it is not one, or is about another lesson. */
struct rp_error *verdict_parse(const struct lesson *lesson, const char *line, struct verdict *out);
/* "right", "not yet", … */
const char *verdict_word(enum outcome outcome);

#endif
