/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: which part is asked at the entry of a call and which at its return. */
#include <errno.h>
#include <stdlib.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

static struct rp_error *check(const struct rp_query_plan *p, const struct rp_node *node) {
    if (node->type->kind == RP_C_COMPOSITE) {
        RP_AUTO_FREE char *type = rp_c_type_text(node->type);
        return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                  "`%.*s` is a %s, not true or false",
                                                  (int)node->length, node->text, type ? type : ""),
                                 "compare one of its members");
    }
    return NULL;
}

static struct rp_error *add_term(struct rp_query_plan *p, const struct rp_node *node) {
    RP_TRY(check(p, node));
    struct rp_term term = {.node = node};
    term.at_entry = p->pair && node->reads_argument && !node->reads_return && !node->asks_return;
    if (!term.at_entry)
        RP_TRY(rp_plan_moment(p, &term.node));
    return rp_vec_push(&p->terms, term) ? NULL : rp_error_nomem();
}

/* || binds less than &&: what has it outside brackets is one term. */
static struct rp_error *add_terms(struct rp_query_plan *p, const struct rp_node *node) {
    if (node->kind != RP_NODE_BINARY || node->op != RP_OP_BOTH)
        return add_term(p, node);
    RP_TRY(add_terms(p, node->a));
    return add_terms(p, node->b);
}

struct rp_error *rp_plan_predicate(struct rp_query_plan *p) {
    return p->predicate ? add_terms(p, p->predicate) : NULL;
}
