/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an event may be without the value of an expression. */
#include <string.h>

#include "query/tree/reads.h"

bool rp_node_is_comm(const struct rp_node *node) {
    return node->kind == RP_NODE_VARIABLE && node->variable->origin == RP_OF_TASK && node->is_text;
}

bool rp_node_may_divide(const struct rp_node *node) {
    return node->kind == RP_NODE_BINARY &&
           (node->op == RP_OP_DIVIDE || node->op == RP_OP_REMAINDER ||
            node->op == RP_OP_SHIFT_LEFT || node->op == RP_OP_SHIFT_RIGHT) &&
           !node->b->is_constant;
}

static bool may_fail(const struct rp_node *node) {
    return node && (node->reads_memory || rp_node_may_divide(node) || may_fail(node->a) ||
                    may_fail(node->b) || may_fail(node->c));
}

/* An array is copied from where it is, unless it is in place. */
static bool is_copied(const struct rp_node *node) {
    node = rp_node_of_moments(node);
    return node->type->kind == RP_C_ARRAY && !node->is_text && node->kind == RP_NODE_VARIABLE &&
           !rp_node_is_in_place(node);
}

bool rp_node_may_fail(const struct rp_node *node) {
    bool is_text = node->is_text && node->kind != RP_NODE_STRING && !rp_node_is_comm(node);
    return is_text || is_copied(node) || may_fail(node);
}
