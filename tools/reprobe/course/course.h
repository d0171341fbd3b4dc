/* SPDX-License-Identifier: Apache-2.0 */
/* One run of `reprobe course`: what its commands share. */
#ifndef COURSE_COURSE_H
#define COURSE_COURSE_H

#include "course/check.h"
#include "course/student.h"

struct course {
    const char *directory; /* of --dir, or NULL */
    const char *labs;      /* of --labs, or NULL */
    char *labs_path;
    const char *kernel; /* of the lab */
    enum place wish;
    bool json, now;
    bool failed; /* the program that was checked is not right */
    struct lessons lessons;
    struct student student;
};

/* Checks the student's program, shows the verdict and keeps the progress. */
struct rp_error *course_check(struct course *course, const struct lesson *lesson, bool *right);
struct rp_error *course_hint(struct course *course, const struct lesson *lesson);
struct rp_error *course_reset(struct course *course, const struct lesson *lesson);
struct rp_error *course_solution(struct course *course, const struct lesson *lesson);
/* The first lesson that is not done; NULL: all are. */
const struct lesson *course_next(struct course *course);

/* Shows the lesson, checks its program on each save, and goes on with the next lesson when it is
 * right, until all are done or the student ends it. */
struct rp_error *course_watch(struct course *course, const struct lesson *lesson);
/* Marks what students handed in, in disposable labs. */
struct rp_error *course_grade(struct course *course, char *const *directories, size_t count);

#endif
