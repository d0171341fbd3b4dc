/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a program: runs it beside the lesson's workload, here or in the lab. */
#ifndef COURSE_CHECK_H
#define COURSE_CHECK_H

#include "course/verdict.h"

enum place {
    PLACE_BEST, /* here if this kernel and user can do it, else in the lab */
    PLACE_HERE,
    PLACE_LAB,
};

/* What a check is of: a program that a student wrote. */
struct submission {
    const struct lesson *lesson;
    const char *name; /* one of the lesson's programs */
    const char *text;
};

/* On this kernel. */
struct rp_error *check_here(const struct submission *submission, struct verdict *out);

/* The lab's options, and what it is called in messages. */
struct lab {
    const char *kernel; /* "6.12" */
    const char *labs;   /* the folder of the lessons */
};

/* In a lab that stays up between checks, which is started if it is not there. */
struct rp_error *check_in_lab(const struct submission *submission, const struct lab *lab,
                              struct verdict *out);
/* How long a check in the lab may take, all in all. */
unsigned check_seconds(const struct lesson *lesson);
/* Where it will be: PLACE_HERE or PLACE_LAB. */
enum place check_place(const struct lesson *lesson, enum place wish);

/* In a disposable lab: *lines are verdicts as verdict_write() writes them, one for each of the
 * submissions from the first on, malloc()ed; there are fewer when one ended the machine, took all
 * of its time, or printed without end. */
struct rp_error *check_in_disposable_lab(const struct submission *submissions, size_t count,
                                         const struct lab *lab, char **lines);
/* The guest's side of both: reads submissions from standard input, writes verdicts to stdout. */
struct rp_error *check_examine(const struct lessons *lessons);

#endif
