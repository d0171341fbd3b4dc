/* SPDX-License-Identifier: Apache-2.0 */
/* What a call writes where an argument leads to: it is there once the call has returned, and not
 * where it has failed. */
#include <string.h>

#include "query/tree/build.h"
#include "util/array.h"
#include "util/cleanup.h"

/* `follows`: what the variable leads to is read, not where that is. */
static const struct rp_variable *reads_result(const struct rp_node *node, bool follows) {
    if (!node || node->kind == RP_NODE_MOMENT)
        return NULL;
    if (node->kind == RP_NODE_VARIABLE)
        return node->variable->is_filled ||
                       (node->variable->is_result && (follows || node->is_text))
                   ? node->variable
                   : NULL;
    bool is_text =
        node->kind == RP_NODE_TEXT || node->kind == RP_NODE_BYTES || node->kind == RP_NODE_COMPARE;
    bool is_at = node->kind == RP_NODE_INDEX || (node->kind == RP_NODE_MEMBER && node->arrow);
    bool moves = node->kind == RP_NODE_BINARY || node->kind == RP_NODE_CAST;
    const struct rp_variable *found = reads_result(node->a, is_text || is_at || (follows && moves));
    found =
        found ? found : reads_result(node->b, node->kind == RP_NODE_COMPARE || (follows && moves));
    return found ? found : reads_result(node->c, false);
}

const struct rp_variable *rp_node_reads_result(const struct rp_node *node) {
    return reads_result(node, false);
}

static void *copy_of(const struct rp_parser *p, const void *from, size_t size) {
    void *copy = rp_arena_alloc(&p->scope->types->arena, size);
    if (copy)
        memcpy(copy, from, size);
    return copy;
}

/* The same tree, in which the variable could not be read where the call has failed. */
static struct rp_error *guard(const struct rp_parser *p, const struct rp_node **node) {
    struct rp_node *copy = copy_of(p, *node, sizeof(**node));
    if (!copy)
        return rp_error_nomem();
    *node = copy;
    if (copy->kind == RP_NODE_VARIABLE) {
        struct rp_variable *variable = copy_of(p, copy->variable, sizeof(*variable));
        if (!variable)
            return rp_error_nomem();
        variable->unread = "(ret < 0)";
        copy->variable = variable;
        copy->reads_memory = true;
        return NULL;
    }
    const struct rp_node **parts[] = {&copy->a, &copy->b, &copy->c};
    for (size_t i = 0; i < RP_COUNT(parts); i++)
        if (*parts[i] && reads_result(*parts[i], true))
            RP_TRY(guard(p, parts[i]));
    return NULL;
}

struct rp_error *rp_build_result(const struct rp_parser *p, struct rp_node *moment) {
    const struct rp_variable *ret = rp_scope_find(p->scope, "ret"),
                             *variable = rp_node_reads_result(moment->a);
    /* Of a whole buffer the length is what the call returned. */
    bool has_length = moment->a->kind == RP_NODE_VARIABLE && moment->a->variable->is_filled;
    if (!variable || !ret || ret->missing || variable->unread || has_length)
        return NULL;
    const struct rp_token token = {.text = moment->text, .len = moment->length};
    RP_TRY(rp_build_variable(p, &token, ret, &moment->b));
    rp_node_adopt(moment, moment->b);
    return guard(p, &moment->a);
}
