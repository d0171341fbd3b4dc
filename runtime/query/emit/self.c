/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever asks does things, too: the compiler opens files, the prompt waits for keys. What is its
 * own doing is left out; what only happens while it runs is not. */
#include <fnmatch.h>
#include <string.h>

#include "query/plan.h"
#include "util/text.h"

enum self {
    SELF_NEVER,   /* the task that runs is not who does it, or not alone */
    SELF_IN_TASK, /* it is, unless an interrupt has come in between */
    SELF_ALWAYS,
};

/* The scheduler's tracepoints tell of those that wait, wake and come next; all but these. */
static bool is_of_several_tasks(const struct rp_attach_point *point) {
    const struct rp_spec *spec = &point->spec;
    if (spec->kind->of_functions)
        return false;
    if (point->is_pattern && spec->category && !fnmatch(spec->category, "sched", 0))
        return true;
    return spec->target && rp_starts_with(spec->target, "sched_") &&
           strcmp(spec->target, "sched_process_exec") != 0 &&
           strcmp(spec->target, "sched_process_exit") != 0;
}

static enum self self_at(const struct rp_attach_point *point) {
    const struct rp_spec *spec = &point->spec;
    const struct rp_probe_kind *kind = spec->kind;
    if (point->task || kind->doer == RP_DOER_NOBODY || is_of_several_tasks(point))
        return SELF_NEVER;
    bool is_call = spec->category &&
                   (!strcmp(spec->category, "syscalls") || !strcmp(spec->category, "raw_syscalls"));
    return kind->in_files || kind->doer == RP_DOER_TASK || is_call ? SELF_ALWAYS : SELF_IN_TASK;
}

void rp_write_skip_self(const struct rp_query_plan *p, size_t s) {
    switch (self_at(&p->points[s])) {
    case SELF_NEVER:
        return;
    case SELF_IN_TASK:
        fputs("    if (is_self() && !in_interrupt())\n        return 0;\n", p->out);
        return;
    case SELF_ALWAYS:
        fputs("    if (is_self())\n        return 0;\n", p->out);
    }
}
