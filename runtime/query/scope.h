/* SPDX-License-Identifier: Apache-2.0 */
/* What the expressions of a question can name: its probe's arguments, and what there is everywhere.
 */
#ifndef RP_QUERY_SCOPE_H
#define RP_QUERY_SCOPE_H

#include "probe/arguments.h"
#include "probe/kind.h"
#include "query/builtin.h"
#include "query/tree/tree.h"
#include "util/vec.h"

/* To be zeroed, and begun once. Trees live as long as it does. */
struct rp_question_scope {
    struct rp_c_types types;
    RP_VEC(struct rp_variable) variables;              /* complete before the first tree is read */
    struct rp_shorthand shorthands[RP_TASK_NAMES + 2]; /* and elapsed, time */
    struct rp_scope scope;
};
void rp_question_scope_clear(struct rp_question_scope *scope);

/* Where arguments come from. */
struct rp_scope_source {
    const struct rp_spec *spec;
    const char *owner; /* what has them; NULL: the spec's target */
    const struct rp_arguments *arguments;
    enum rp_memory memory;
    const char *task;  /* whom it is about: kind.h */
    uint64_t began_ns; /* when the question was asked, since boot */
    bool at_return;    /* they are of a call whose return is asked: what is there everywhere hides
                          those of the same name */
    bool is_span;      /* it is where "A..B" begins */
    bool is_end;       /* of "A..B": what is read there is read at the return of a pair */
    bool is_one_of_several; /* arguments differ from one attach point to another */
};
struct rp_error *rp_question_scope_begin(struct rp_question_scope *scope,
                                         const struct rp_scope_source *source);
/* "openat" of sys_enter_openat, sys_exit_openat, __x64_sys_openat; else as it is. */
const char *rp_question_call_name(const char *target);
/* Only the arguments, of another one of several. */
struct rp_error *rp_question_scope_add(struct rp_question_scope *scope,
                                       const struct rp_scope_source *source);

#endif
