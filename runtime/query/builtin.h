/* SPDX-License-Identifier: Apache-2.0 */
/* What can be named at every probe. */
#ifndef RP_QUERY_BUILTIN_H
#define RP_QUERY_BUILTIN_H

#include <stdbool.h>

/* What every expression can name besides its probe's arguments. */
struct rp_builtin {
    const char *name;
    const char *type; /* in C, "char [16]" */
    const char *what; /* "the process" */
    bool of_task; /* it tells about a task: the one that runs, but where the probe is about another
                   */
    bool of_call; /* it tells about a call, when that returns */
};
/* The builtin that tells how long a call took. */
#define RP_DURATION "duration"
/* Ended by a NULL name. `ret` is not one: its type is the probe's to know. */
extern const struct rp_builtin rp_builtins[];

/* Names for what can be read of a task. Ended by a NULL name. */
struct rp_task_name {
    const char *name;
    const char *what;       /* "the parent process" */
    const char *of_current; /* the expression, of the task that runs */
    const char *of_task;    /* the same of another one, which %s stands for */
    const char *look;       /* or NULL */
};
extern const struct rp_task_name rp_task_names[];
#define RP_TASK_NAMES 5

/* NULL unless `name` is one. */
const struct rp_builtin *rp_builtin_find(const char *name);
/* Whether it has a value where events are about `task`: an argument, nobody (""), or (NULL) the
 * task that runs. */
bool rp_builtin_is_at(const struct rp_builtin *builtin, const char *task);

#endif
