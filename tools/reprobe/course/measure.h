/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a check: what the workload says that it did, and what the program has shown. */
#ifndef COURSE_MEASURE_H
#define COURSE_MEASURE_H

#include "course/verdict.h"

/* A measure or a fact. */
struct number {
    char *name, *text;
    bool is_number;
    long long value;
};

struct numbers {
    RP_VEC(struct number);
};

/* All facts, and the measures that need no run, or with `seen->ran` all. */
struct rp_error *measure_all(const struct lesson *lesson, const struct seen *seen,
                             struct numbers *out);
const struct number *numbers_find(const struct numbers *numbers, const char *name);
/* `text` with the values of its $NAMEs, malloc()ed; NULL: there is no memory. */
char *numbers_fill(const struct numbers *numbers, const char *text);
void numbers_clear(struct numbers *numbers);

#endif
