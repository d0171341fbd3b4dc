/* SPDX-License-Identifier: Apache-2.0 */
/* What the expressions of a question can name: its probe's arguments, and what there is everywhere.
 */
#ifndef RP_QUERY_SCOPE_H
#define RP_QUERY_SCOPE_H

#include "probe/arguments.h"
#include "probe/kind.h"
#include "query/tree/tree.h"
#include "util/vec.h"

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
/* NULL unless it is one of them. */
const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name);

/* To be zeroed, and begun once. Trees live as long as it does. */
struct rp_question_scope {
    struct rp_c_types types;
    RP_VEC(struct rp_variable) variables; /* complete before the first tree is read */
    struct rp_shorthand shorthands[RP_TASK_NAMES];
    struct rp_scope scope;
};
void rp_question_scope_clear(struct rp_question_scope *scope);

/* Where arguments come from. */
struct rp_scope_source {
    const struct rp_spec *spec;
    const char *owner; /* what has them; NULL: the spec's target */
    const struct rp_arguments *arguments;
    enum rp_memory memory;
    const char *task; /* whom it is about: kind.h */
    bool at_return;   /* they are of a call whose return is asked: what is there everywhere hides
                         those of the same name */
    bool is_span;     /* it is where "A..B" begins */
    bool is_end;      /* of "A..B": what is read there is read at the return of a pair */
    bool is_one_of_several; /* arguments differ from one attach point to another */
};
struct rp_error *rp_question_scope_begin(struct rp_question_scope *scope,
                                         const struct rp_scope_source *source);
/* Only the arguments, of another one of several. */
struct rp_error *rp_question_scope_add(struct rp_question_scope *scope,
                                       const struct rp_scope_source *source);

#endif
