/* SPDX-License-Identifier: Apache-2.0 */
/* What a question reads that may not be there. */
#include <stdio.h>

#include "query/plan.h"

struct visit {
    void (*each)(void *ctx, const char *map, const struct rp_node *node, enum rp_unread_part part);
    void *ctx;
};

static void visit_values(const struct visit *visit, const struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        char map[64];
        snprintf(map, sizeof(map), "unread_%s", values->items[i].member);
        if (rp_node_may_fail(values->items[i].node))
            visit->each(visit->ctx, map, values->items[i].node, RP_UNREAD_VALUE);
    }
}

void rp_plan_each_unread(const struct rp_query_plan *p,
                         void (*each)(void *ctx, const char *map, const struct rp_node *node,
                                      enum rp_unread_part part),
                         void *ctx) {
    const struct visit visit = {each, ctx};
    visit_values(&visit, &p->columns);
    visit_values(&visit, &p->keys);
    if (p->number.node && rp_node_may_fail(p->number.node))
        each(ctx, "unread_number", p->number.node, RP_UNREAD_NUMBER);
    for (size_t i = 0; i < p->terms.count; i++)
        if (rp_node_may_fail(p->terms.items[i].node)) {
            each(ctx, "unread_condition", p->predicate, RP_UNREAD_CONDITION);
            return;
        }
}
