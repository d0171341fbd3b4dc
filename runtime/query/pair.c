/* SPDX-License-Identifier: Apache-2.0 */
/* Which attach points a question takes: one, or where a call begins and where it ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The spec of that part of the call that `spec` is a part of; NULL where there is none. */
static char *call_of(const struct rp_spec *spec, enum rp_call_part part) {
    return spec->kind->call ? spec->kind->call(spec, part) : NULL;
}

/* ------------------------------------------------------------------ what it takes */

static bool wants_return(const struct rp_node *node) {
    return node->reads_return || node->asks_return;
}

static bool reads_return(const struct rp_node *node) {
    return node->reads_return;
}

static bool reads_argument(const struct rp_node *node) {
    return node->reads_argument;
}

static bool asks_entry(const struct rp_node *node) {
    return node->asks_entry;
}

/* Whether it goes to where arguments lead, which may be gone by the return: their own values are
 * the same there. */
static bool follows(const struct rp_node *node) {
    return node->reads_argument && (node->reads_memory || rp_c_is_address(node->type));
}

static struct rp_error *no_return(const struct rp_question *q,
                                  const struct rp_attach_point *point) {
    struct rp_error *err =
        q->verb == RP_VERB_LATENCY
            ? rp_cannot_answer(q, EINVAL, "%s has no end to wait for", point->text)
            : rp_cannot_answer(q, EINVAL, "%s has no `ret`: nothing returns there", point->text);
    return rp_error_hint_set(err, "functions return (kprobe, fentry, uprobe), and syscalls do "
                                  "(tracepoint:syscalls:sys_enter_NAME)");
}

static struct rp_error *replace_point(struct rp_query_plan *p, size_t i, char *spec,
                                      const char *fallback) {
    RP_AUTO_FREE char *own = spec;
    if (!own)
        return rp_error_nomem();
    rp_attach_point_clear(&p->points[i]);
    return rp_attach_point_open(own, fallback, &p->points[i]);
}

/* Two functions: one keeps what is known at the entry for the other. */
struct rp_error *rp_attach_points_pair(struct rp_query_plan *p) {
    const struct rp_spec *spec = &p->points[0].spec;
    RP_AUTO_FREE char *entry = call_of(spec, RP_CALL_ENTRY), *end = call_of(spec, RP_CALL_RETURN);
    if (!entry || !end)
        return no_return(p->question, &p->points[0]);
    p->point_count = 2;
    p->pair = true;
    p->map = p->map ? p->map : "entered";
    RP_TRY(replace_point(p, 0, rp_take(entry), "on_entry"));
    RP_TRY(rp_attach_point_open(end, "on_return", &p->points[1]));
    /* A syscall's result is a field of the tracepoint where it ends. */
    struct rp_arguments *arguments = p->points[0].arguments;
    if (!arguments->result && p->points[1].spec.kind->result == RP_RESULT_ARGUMENT)
        arguments->result = strdup("long");
    return NULL;
}

/* A field of the event's own. */
static bool is_result_of_event(const struct rp_attach_point *point) {
    return point->spec.kind->result == RP_RESULT_ARGUMENT &&
           rp_argument_find(point->arguments, "ret");
}

static struct rp_error *check_void(const struct rp_query_plan *p,
                                   const struct rp_attach_point *point) {
    if (point->arguments->result || !point->spec.kind->of_functions || point->spec.offset)
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL, "%s returns nothing: it is void", point->spec.target),
        "leave `ret` out: the place %s can still be traced", point->text);
}

/* What returns is asked for, or the arguments where only a return is. */
struct rp_error *rp_attach_points_choose(struct rp_query_plan *p) {
    struct rp_attach_point *point = &p->points[0];
    bool ret = rp_plan_any(p, wants_return);
    if (point->is_pattern || (!ret && !point->is_return))
        return NULL;
    RP_AUTO_FREE char *entry = call_of(&point->spec, RP_CALL_ENTRY),
                      *end = call_of(&point->spec, RP_CALL_RETURN);
    if (!entry || !end)
        return is_result_of_event(point) ? NULL : no_return(p->question, point);
    if (rp_plan_any(p, reads_return))
        RP_TRY(check_void(p, point));
    if (!rp_plan_any(p, reads_argument))
        return point->is_return ? NULL : replace_point(p, 0, rp_take(end), "on_return");
    if (point->spec.kind->result == RP_RESULT_PARAMETER && !rp_plan_any(p, asks_entry))
        return NULL;
    RP_AUTO_FREE char *whole = call_of(&point->spec, RP_CALL_WHOLE);
    if (ret && whole && !rp_plan_any(p, follows) && rp_probe_exists(whole))
        return replace_point(p, 0, rp_take(whole), "on_return");
    return rp_attach_points_pair(p);
}
