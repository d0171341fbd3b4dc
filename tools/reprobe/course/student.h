/* SPDX-License-Identifier: Apache-2.0 */
/* The student's directory: the lessons' programs as the student has them, and the progress. No
 * symbolic link in it is followed, and files are replaced whole. */
#ifndef COURSE_STUDENT_H
#define COURSE_STUDENT_H

#include <sys/stat.h>

#include "course/lesson.h"

struct progress {
    char *lesson;
    bool done;
    unsigned hints; /* that were shown */
    unsigned tries; /* checks of a program that was changed */
};

struct student {
    char *path;
    int fd;
    bool is_others;    /* it is read only */
    struct stat owner; /* of the directory: root makes files for whom it belongs to */
    RP_VEC(struct progress) progress;
};

/* `path` NULL: $REPROBE_COURSE, or ~/reprobe-course. Makes the directory, and reads the progress.
 */
struct rp_error *student_open(const char *path, struct student *out);
/* One that somebody handed in: nothing in it is changed, whoever it belongs to. */
struct rp_error *student_open_others(const char *path, struct student *out);
void student_close(struct student *student);

/* The progress in a lesson; NULL: there is no memory. */
struct progress *student_progress(struct student *student, const struct lesson *lesson);
struct rp_error *student_save(struct student *student);

/* Makes the lesson's folder, with what is not yet in it: the programs and the text. */
struct rp_error *student_prepare(const struct student *student, const struct lesson *lesson);
/* Replaces the programs by what the student got at first; what was there becomes NAME.old. */
struct rp_error *student_reset(const struct student *student, const struct lesson *lesson);
/* The program that was changed last: its name, which is the lesson's, its text, malloc()ed, and
 * whether that differs from what the student got. */
struct rp_error *student_program(const struct student *student, const struct lesson *lesson,
                                 const char **name, char **text, bool *changed);

#endif
