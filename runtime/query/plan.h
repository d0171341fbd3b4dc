/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program while it is written. It has an attach point for each of its functions: one,
 * or the entry and the return of what is called, or each of those that are counted. What it reads
 * there are values, each of which becomes a member of a struct: of a record, of a key, or of what
 * is kept from a call's entry to its return.
 */
#ifndef RP_QUERY_PLAN_H
#define RP_QUERY_PLAN_H

#include <stdio.h>
#include <string.h>

#include "probe/arguments.h"
#include "probe/kind.h"
#include "probe/probe.h"
#include "query/query.h"
#include "query/scope.h"
#include "query/tree/read.h"

struct rp_attach_point {
    struct rp_spec spec;
    char *text; /* the spec in full, or a pattern */
    bool is_pattern;
    struct rp_arguments *arguments;
    enum rp_memory memory; /* where its pointers lead */
    bool is_return;        /* `ret` can be read */
    const char *task;  /* the argument that is the task whom it is about, "" where it is about none;
                          NULL: the task that runs */
    char function[64]; /* the C function's name */
    bool names_itself; /* reprobe run knows from the name where it belongs */
};

struct rp_value {
    const char *text; /* as typed, or made from what was */
    char member[48];  /* its name in a struct */
    const struct rp_node *node;
    unsigned capacity; /* bytes, of text */
    bool is_process;   /* whose stack is beside it */
    /* Of what is kept of a call: the variable whose value it is; else what the trees of the return
     * call it, "entry(…)". */
    const struct rp_variable *variable;
    const char *key;
    /* Of a trace of several probes: this one does not have it; or, of the row, the part that its
     * node is of, whether any part's may fail, a type with room for all, whether they look
     * different. */
    bool is_absent;
    const char *expr; /* of a column: the question's expression that it is of; the same pointer */
    const struct rp_query_plan *part;
    bool may_fail, has_no_look;
    const struct rp_c_type *type;
};

struct rp_values {
    RP_VEC(struct rp_value);
};

/* As many as the marks of what is kept have bits. */
#define RP_KEPT_MAX 32

/* One of the conditions that && joins. */
struct rp_term {
    const struct rp_node *node;
    bool at_entry;
    bool again; /* at the return, too, if it could not be read at the entry */
};

struct rp_query_plan;

/* The C that is being written. */
struct rp_writing {
    struct rp_reads reads; /* of the function */
    unsigned uses;         /* RP_USES_* of all functions */
    bool nomem;
    const struct rp_query_plan *plan;
    size_t point;                /* where the function runs */
    const char *is[RP_KEPT_MAX]; /* of a term that is asked again: the variable that is true if it
                                    is known to hold */
};

struct rp_query_plan {
    const struct rp_question *question;
    struct rp_attach_point *points;
    size_t point_count;
    bool pair;                      /* points[0] is the entry, points[1] the return */
    bool is_span;                   /* and these are two probes, "A..B" */
    struct rp_question_scope start; /* what can be named at A */
    const struct rp_node *match[2]; /* what belongs together has in common; NULL: the task */
    struct rp_question_scope scope;
    const struct rp_node **exprs, **by; /* the question's own, and its keys */
    const struct rp_node *predicate;    /* or NULL */
    const struct rp_node *until;        /* what is true of the last event, or NULL */
    struct rp_values columns, keys, saved;
    struct rp_value number; /* of a histogram or sum */
    RP_VEC(struct rp_term) terms;
    /* Of a trace of several probes (parts.c): a plan for each; here are the row's columns, and all
     * attach points, which are the parts'. */
    struct rp_query_plan *parts;
    size_t part_count;
    size_t part;                       /* of a part: which one it is, from 1 on; else 0 */
    const struct rp_query_plan *whole; /* of a part */
    struct rp_question *own_question;
    char *pattern;                     /* that the part is a match of, or NULL */
    bool stays;                        /* at its end of a call: the other one is a part, too */
    size_t first_point;                /* of the part's attach points among all */
    bool has_no_columns;               /* it has nothing of what is asked for */
    bool has_call_type, has_call_maps; /* an earlier part has declared them */
    bool by_match;                     /* the key says at which attach point */
    const char *map;                   /* where what is kept of a call is: "entered", "start" */
    bool timed;                        /* with the time of the entry, in nanoseconds */
    char *note;

    struct rp_writing *writing;
    FILE *out;
    bool neutral; /* what names places is left out */
};

/* ------------------------------------------------------------------ question.c, question_line.c */

const char *rp_verb_name(enum rp_verb verb);

/* Why a question that can be understood has no answer. */
struct rp_error *rp_cannot_answer(const struct rp_question *question, int errnum, const char *fmt,
                                  ...) RP_PRINTF(3, 4);

/* ------------------------------------------------------------------ parts.c */

/* All of it. */
struct rp_error *rp_query_plan(const struct rp_question *question, struct rp_query_plan *program);

/* ------------------------------------------------------------------ plan.c: what to write */

/* The attach points as they were asked for, and what can be named there. */
struct rp_error *rp_plan_begin(struct rp_query_plan *program);
/* What is read there. */
struct rp_error *rp_plan_end(struct rp_query_plan *program);
/* Whether the expression stands for all arguments. */
bool rp_plan_is_args(const struct rp_query_plan *program, const char *expr);
void rp_query_plan_clear(struct rp_query_plan *program);
/* Of sum, avg, min, max and stats what is shown (enum rp_figure), and (*map) what the map is
 * called; 0 for the other verbs. */
unsigned rp_plan_figures(const struct rp_query_plan *program, const char **map);

/* ------------------------------------------------------------------ attach_point.c */

/* `fallback` is the function's name where no convention of BCC's has one. Its arguments have what
 * else of the program the question names. */
struct rp_error *rp_attach_point_open(const char *spec, const char *fallback,
                                      const struct rp_question *question,
                                      struct rp_attach_point *point);
void rp_attach_point_clear(struct rp_attach_point *point);
/* Opens both probes of "A..B". */
struct rp_error *rp_attach_points_span(struct rp_query_plan *program, const char *spec);

/* ------------------------------------------------------------------ moment.c: both ends of a call
 */

/* Why the tree cannot be read at the attach point, where nothing returns; NULL: it can. */
struct rp_error *rp_plan_check_return(const struct rp_query_plan *program,
                                      const struct rp_node *node);
/* The same where it is read at its own end of a call only. */
struct rp_error *rp_plan_check_end(const struct rp_query_plan *program, const struct rp_node *node);
/* Makes of the one attach point what the question needs: the return, or a pair. */
struct rp_error *rp_attach_points_choose(struct rp_query_plan *program);
/* The entry and the return: what one keeps in `program->map` is for the other. */
struct rp_error *rp_attach_points_pair(struct rp_query_plan *program);
/* Where arguments are read: the entry of a pair, else the one attach point. */
static inline const struct rp_attach_point *rp_plan_entry(const struct rp_query_plan *program) {
    return &program->points[0];
}

/* ------------------------------------------------------------------ scope.c: the trees */

/* Finds out what its attach points have. */
struct rp_error *rp_plan_names(struct rp_query_plan *program);
/* Reads all expressions of the question, as trees over that. */
struct rp_error *rp_plan_trees(struct rp_query_plan *program);
/* Reads one more; its text is copied. */
struct rp_error *rp_plan_tree(struct rp_query_plan *program, const char *text,
                              const struct rp_node **out);
/* The same of what is shown in a row or as a key: the number of a syscall has a name then. */
struct rp_error *rp_plan_shown(struct rp_query_plan *program, const char *text,
                               const struct rp_node **out);
/* Whose argument the variable is: of "A..B" one of both; NULL for `ret`, the task and the like. */
const struct rp_attach_point *rp_plan_place(const struct rp_query_plan *program,
                                            const struct rp_variable *variable);
/* Whether that name of rp_builtins is what it is everywhere, in the function at `point`: no
 * argument hides it. */
bool rp_plan_knows_builtin(const struct rp_query_plan *program, size_t point, const char *name);
/* Whether it reads that one of the names that are not the probe's own: `ret`, `stack`. */
bool rp_node_reads(const struct rp_node *node, const char *name);
/* Whether it has a usym(). */
bool rp_node_reads_user_address(const struct rp_node *node);
/* Whether it reads text of the process's, which may be in memory only when the kernel has read it.
 */
bool rp_node_reads_text_of_process(const struct rp_node *node);
/* Whether `test` is true of one of the question's expressions. */
bool rp_plan_any(const struct rp_query_plan *program, bool (*test)(const struct rp_node *node));

/* ------------------------------------------------------------------ value.c */

/* The longest text that is kept, in bytes. */
#define RP_PATH_CAPACITY 128

/* Its member's name is made of the text, and none of `reserved` (NULL: no such ones). NULL without
 * memory. */
struct rp_value *rp_value_add(struct rp_values *values, const char *text,
                              const struct rp_node *node, const char *const *reserved);
void rp_value_set_capacity(struct rp_value *value);
/* Whether there may be more of the text than its capacity has room for. */
bool rp_value_is_open(const struct rp_value *value);
/* Makes text shorter until all is small enough for the stack. */
void rp_values_fit(struct rp_values *values);

/* ------------------------------------------------------------------ look.c */

/* How the number is shown (record/look.h), as the author says or as what it is; NULL: as its type.
 */
const char *rp_plan_look(const struct rp_query_plan *program, const struct rp_node *node);

/* ------------------------------------------------------------------ moment.c: entry and return */

/* Says when `*node` is read: at the return of a pair what is of the entry is kept until then, and
 * `*node` becomes a tree that takes it from there. Nothing where there is no pair. */
struct rp_error *rp_plan_moment(struct rp_query_plan *program, const struct rp_node **node);
/* Keeps the arguments that it reads, for what is read of it at the return. */
struct rp_error *rp_plan_keep_arguments(struct rp_query_plan *program, const struct rp_node *node);
/* The kept value that the tree of a return stands for, or NULL. */
const struct rp_value *rp_plan_kept(const struct rp_query_plan *program,
                                    const struct rp_node *node);
/* What is read again at the return where it could not be read at the entry: text of the process's,
 * which the kernel has read by then, so that it is in memory. NULL: nothing, as from A to B, where
 * another process may run, or other text be there. */
const struct rp_node *rp_plan_again(const struct rp_query_plan *program,
                                    const struct rp_node *node);

/* What was kept has as much room in the record as it had there. */
void rp_values_take_capacity(const struct rp_query_plan *program, struct rp_values *values);

/* ------------------------------------------------------------------ moment.c: conditions */

struct rp_error *rp_plan_predicate(struct rp_query_plan *program);

/* ------------------------------------------------------------------ function.c: pieces of C */

/* Besides RP_USES_* of reads: the map of calls that refused_call() (compile/prelude/glue.h) tells.
 */
#define RP_USES_REFUSED_CALL 2048U
#define RP_MAP_REFUSED       "refused"
/* Whether it pairs calls whose return may come without the entry (rp_probe_kind.may_lack_entry);
 * and whether conditions are asked at the entry, which those calls are not asked. */
bool rp_plan_sees_refusals(const struct rp_query_plan *program);
bool rp_plan_asks_at_entry(const struct rp_query_plan *program);
/* void see_process(u32 pid), of processes whose stacks are named. */
#define RP_USES_SEE_PROCESS 64U
/* Types of members that tell about others (record/layout.h). */
#define RP_USES_UNREAD 128U
#define RP_USES_SIZE   256U
/* Whether `stack` is the process's: at functions of files; elsewhere it is the kernel's. Of "A..B"
 * it is that at B. */
static inline bool rp_plan_has_user_stack(const struct rp_query_plan *program) {
    return program->points[program->is_span].spec.kind->in_files;
}
/* Whether the value is a stack, and the process's. */
bool rp_node_is_stack(const struct rp_node *node);
bool rp_plan_is_user_stack(const struct rp_query_plan *program, const struct rp_node *node);
/* Whether the stacks of processes are named: then each process is told of when it is seen, since it
 * may have ended by then. */
bool rp_plan_names_user_stacks(const struct rp_query_plan *program);
/* Whether a value is `stack`. */
bool rp_plan_reads_stack(const struct rp_query_plan *program);
/* Whether it is that one of the names that are there everywhere. */
static inline bool rp_node_is_builtin(const struct rp_node *node, const char *name) {
    return node->kind == RP_NODE_VARIABLE && node->variable->origin == RP_OF_TASK &&
           !strcmp(node->variable->name, name);
}

/* Maps of a pair of functions: how many calls were not kept, and how many were, but not seen to
 * return. */
#define RP_MAP_UNKEPT     "unkept"
#define RP_MAP_UNRETURNED "unreturned"

/* What a value that could not be read is of. */
enum rp_unread_part { RP_UNREAD_VALUE, RP_UNREAD_NUMBER, RP_UNREAD_CONDITION, RP_UNREAD_END };

/* A name that nothing has that the program's functions read: `name`, or one with an underscore. */
struct rp_name {
    char text[64];
};
struct rp_name rp_own(const struct rp_query_plan *program, const char *name);

/* `sample 1/N` and `until N` (limits.c): the maps that count events, and functions that say whether
 * one is left out; and what leaves it out, behind the conditions. */
#define RP_MAP_SAMPLED "sampled"
#define RP_MAP_TAKEN   "taken"
/* `every`: the map that counts intervals, and whether the key has one. */
#define RP_MAP_INTERVALS "intervals"
static inline bool rp_has_interval(const struct rp_query_plan *program) {
    return program->question->every_ns && program->question->verb != RP_VERB_TOP;
}
void rp_write_limit_maps(const struct rp_query_plan *program);
void rp_write_limits(const struct rp_query_plan *program);
/* Leaves out what the process that asks does itself, in the function at point `s` (self.c). */
void rp_write_skip_self(const struct rp_query_plan *program, size_t s);
/* emit/build.c: says of which build of a program the function's offsets are (compile/builds.h);
 * false without memory. */
struct rp_function_text;
bool rp_write_build(const struct rp_function_text *function);
/* The key's member for the interval, and what sets it; nothing where it has none. */
void rp_write_interval_member(const struct rp_query_plan *program);
void rp_write_interval(const struct rp_query_plan *program, const char *key);
/* Enums that were declared, of values that are sent or kept (enums.c). */
void rp_write_enums(const struct rp_query_plan *program);
/* "enum colour c", where the value is of one; malloc()ed, else NULL. */
char *rp_declare_enum_member(const struct rp_value *value);
/* "    int dfd;" for each value. */
void rp_write_members(const struct rp_query_plan *program, const struct rp_values *values);
/* Whether one of them may be such that cannot be read: the struct has a mark for each. */
bool rp_values_may_fail(const struct rp_values *values);
/* The struct of a key, where there is one. */
void rp_write_key_type(const struct rp_query_plan *program, const char *last_member);
/* From the function's head on: who is looked at, what is read there by name, conditions. At the
 * return of a pair also what was kept; the time between (ns) is in the variable `ns`. */
void rp_write_begin(const struct rp_query_plan *program, size_t point);
/* What is kept of a call, in the map `program->map`, and all of the function at the entry. */
void rp_write_call(const struct rp_query_plan *program);
/* The same behind a blank line where there is a pair; else nothing. */
void rp_write_first_half(const struct rp_query_plan *program);
/* Adds one to the map's entry of the key, which is made when it is seen for the first time. */
void rp_write_increment(const struct rp_query_plan *program, const char *map);
/* Sets members of `target` ("event->", "key.") to the values. */
void rp_write_values(const struct rp_query_plan *program, size_t point,
                     const struct rp_values *values, const char *target);
/* "struct key key = {};", and its members. */
void rp_write_key(const struct rp_query_plan *program, size_t point);
bool rp_has_key(const struct rp_query_plan *program);
/* Calls `each` with all that may be such that cannot be read: the name of the array that counts how
 * often, a node, and whether it is one that events are left out for. */
void rp_plan_each_unread(const struct rp_query_plan *program,
                         void (*each)(void *ctx, const char *map, const struct rp_node *node,
                                      enum rp_unread_part part),
                         void *ctx);
/* Reads the number that is summed up, or leaves the function where it cannot be read. */
const char *rp_write_number(const struct rp_query_plan *program);
/* The declaration of that map's loss. */
#define RP_MISSED_MAP                                                                              \
    "BPF_ARRAY(missed, u64, 1); /* events that were not counted: the map was full */\n"
/* Whether a histogram has to leave out what is below zero. */
bool rp_has_negative(const struct rp_query_plan *program);
/* Whether a row begins with the task. */
static inline bool rp_has_task(const struct rp_query_plan *program) {
    return !program->points[0].task || *program->points[0].task;
}
/* Sets the members `pid` and `comm` of `target` ("event->") to those of the task at that point. */
void rp_write_task(const struct rp_query_plan *program, size_t point, const char *target);
/* "    return 0;\n}\n" */
void rp_write_end(const struct rp_query_plan *program);
/* Sends the struct of that name as an iterator's row. */
void rp_write_row(const struct rp_query_plan *program, size_t point, const char *record);
/* How BPF's context is called in the function at that point. */
const char *rp_context(const struct rp_query_plan *program, size_t point);

/* What the program's maps mean (schema.c); ended by rp_schema_free(), NULL without memory. */
struct rp_schema *rp_plan_schema(const struct rp_query_plan *program);

/* ------------------------------------------------------------------ the verbs */

void rp_write_trace(const struct rp_query_plan *program);   /* trace.c */
void rp_write_count(const struct rp_query_plan *program);   /* sums.c */
void rp_write_hist(const struct rp_query_plan *program);    /* sums.c */
void rp_write_latency(const struct rp_query_plan *program); /* sums.c */
/* Into the int `name` `member`: the id of the process's stack. */
void rp_write_user_stack(FILE *out, const char *context, const char *name, const char *member);
void rp_write_stacks(const struct rp_query_plan *program); /* stacks.c: stack and profile */
void rp_write_stats(const struct rp_query_plan *program);  /* stats.c: sum, avg, min, max, stats */

#endif
