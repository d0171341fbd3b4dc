/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: true only where that is known. What could not be read makes neither `a` nor `!a`
 * true, and of a condition with && and || as little as these leave open. */
#include <string.h>

#include "query/tree/reads.h"

/* Of `node`, or of !node where `negate`: whether that is known to be true, or whether not. */
struct wanted {
    bool negate, unless;
};

static struct rp_code condition(struct rp_reads *r, const struct rp_node *node,
                                struct wanted wanted);

/* The value is used where it could be read. */
static struct rp_code leaf(struct rp_reads *r, const struct rp_node *node, struct wanted wanted) {
    struct rp_code code =
        wanted.negate != wanted.unless ? rp_reads_negated(r, node) : rp_reads_value(r, node);
    if (code.unread && r->missed) {
        rp_reads_indent(r);
        fprintf(r->out, "%s |= %s;\n", r->missed, code.unread);
    }
    if (!code.unread)
        return code;
    const char *value = code.precedence >= 6 ? code.text : rp_code_operand(r, &code);
    const char *unread =
        strstr(code.unread, " | ") ? rp_reads_text(r, "(%s)", code.unread) : code.unread;
    if (wanted.unless)
        return (struct rp_code){rp_reads_text(r, "%s || %s", unread, value), RP_PRECEDENCE_ANY,
                                NULL};
    return (struct rp_code){rp_reads_text(r, "!%s && %s", unread, value), RP_PRECEDENCE_BOTH, NULL};
}

static struct rp_code join(struct rp_reads *r, bool both, const struct rp_code *a,
                           const struct rp_code *b) {
    unsigned precedence = both ? RP_PRECEDENCE_BOTH : RP_PRECEDENCE_ANY;
    bool plain_a = a->precedence == precedence || a->precedence >= 6;
    bool plain_b = b->precedence == precedence || b->precedence >= 6;
    return (struct rp_code){rp_reads_text(r, both ? "%s && %s" : "%s || %s",
                                          plain_a ? a->text : rp_code_operand(r, a),
                                          plain_b ? b->text : rp_code_operand(r, b)),
                            precedence, NULL};
}

static struct rp_code joined(struct rp_reads *r, const struct rp_node *node, struct wanted wanted) {
    if (!node->b->reads_memory) {
        struct rp_code a = condition(r, node->a, wanted), b = condition(r, node->b, wanted);
        return join(r, (node->op == RP_OP_BOTH) == (wanted.negate == wanted.unless), &a, &b);
    }
    bool both = (node->op == RP_OP_BOTH) != wanted.negate;
    struct wanted known = {.negate = wanted.negate};
    struct rp_code a = condition(r, node->a, known);
    const char *name = rp_reads_name(r, "is");
    rp_reads_declare(r, &rp_c_bool, name, a.text);
    rp_reads_if(r, rp_reads_text(r, both ? "%s" : "!%s", name));
    struct rp_code b = condition(r, node->b, known);
    rp_reads_indent(r);
    fprintf(r->out, "%s = %s;\n", name, b.text);
    rp_reads_close(r);
    return (struct rp_code){wanted.unless ? rp_reads_text(r, "!%s", name) : name,
                            RP_PRECEDENCE_UNARY, NULL};
}

static struct rp_code condition(struct rp_reads *r, const struct rp_node *node,
                                struct wanted wanted) {
    if (node->kind == RP_NODE_UNARY && node->op == RP_OP_NOT) {
        wanted.negate = !wanted.negate;
        return condition(r, node->a, wanted);
    }
    if (node->kind == RP_NODE_BINARY && (node->op == RP_OP_BOTH || node->op == RP_OP_ANY))
        return joined(r, node, wanted);
    return leaf(r, node, wanted);
}

struct rp_code rp_reads_condition(struct rp_reads *r, const struct rp_node *node) {
    return condition(r, node, (struct wanted){0});
}

struct rp_code rp_reads_unless(struct rp_reads *r, const struct rp_node *node) {
    return condition(r, node, (struct wanted){.unless = true});
}
