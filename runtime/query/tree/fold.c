/* SPDX-License-Identifier: Apache-2.0 */
#include "query/tree/fold.h"

/* As a value of that type is kept in 64 bits. */
static int64_t fit(const struct rp_c_type *type, uint64_t value) {
    if (type->kind == RP_C_BOOL)
        return value != 0;
    if (type->size >= 8 || !type->size)
        return (int64_t)value;
    unsigned shift = 64 - (unsigned)type->size * 8;
    return type->is_signed ? (int64_t)(value << shift) >> shift
                           : (int64_t)(value << shift >> shift);
}

static bool less(const struct rp_c_type *common, int64_t a, int64_t b) {
    return common->is_signed ? a < b : (uint64_t)a < (uint64_t)b;
}

/* Division by zero is refused before; the one that overflows wraps, as all else does. */
static uint64_t divide(const struct rp_c_type *common, int64_t a, int64_t b, bool remainder) {
    if (!b)
        return 0;
    if (!common->is_signed)
        return remainder ? (uint64_t)a % (uint64_t)b : (uint64_t)a / (uint64_t)b;
    if (b == -1)
        return remainder ? 0 : 0 - (uint64_t)a;
    return (uint64_t)(remainder ? a % b : a / b);
}

static uint64_t shift(const struct rp_node *node, int64_t a, int64_t b) {
    if (node->op == RP_OP_SHIFT_LEFT)
        return (uint64_t)a << b;
    return node->type->is_signed ? (uint64_t)(a >> b) : (uint64_t)a >> b;
}

static uint64_t binary(const struct rp_node *node, const struct rp_node *right) {
    const struct rp_c_type *common = rp_c_common(node->a->type, right->type);
    bool shifts = node->op == RP_OP_SHIFT_LEFT || node->op == RP_OP_SHIFT_RIGHT;
    bool joins = node->op == RP_OP_BOTH || node->op == RP_OP_ANY;
    int64_t a = shifts || joins ? node->a->value : fit(common, (uint64_t)node->a->value);
    int64_t b = shifts || joins ? right->value : fit(common, (uint64_t)right->value);
    switch (node->op) {
    case RP_OP_MULTIPLY:
        return (uint64_t)a * (uint64_t)b;
    case RP_OP_DIVIDE:
    case RP_OP_REMAINDER:
        return divide(common, a, b, node->op == RP_OP_REMAINDER);
    case RP_OP_ADD:
        return (uint64_t)a + (uint64_t)b;
    case RP_OP_SUBTRACT:
        return (uint64_t)a - (uint64_t)b;
    case RP_OP_SHIFT_LEFT:
    case RP_OP_SHIFT_RIGHT:
        return shift(node, a, b);
    case RP_OP_LESS:
        return less(common, a, b);
    case RP_OP_GREATER:
        return less(common, b, a);
    case RP_OP_LESS_EQUAL:
        return !less(common, b, a);
    case RP_OP_GREATER_EQUAL:
        return !less(common, a, b);
    case RP_OP_EQUAL:
        return a == b;
    case RP_OP_UNEQUAL:
        return a != b;
    case RP_OP_AND:
        return (uint64_t)a & (uint64_t)b;
    case RP_OP_XOR:
        return (uint64_t)a ^ (uint64_t)b;
    case RP_OP_OR:
        return (uint64_t)a | (uint64_t)b;
    case RP_OP_BOTH:
        return a && b;
    default:
        return a || b;
    }
}

static uint64_t unary(const struct rp_node *node) {
    uint64_t a = (uint64_t)node->a->value;
    return node->op == RP_OP_MINUS ? 0 - a : node->op == RP_OP_INVERT ? ~a : !a;
}

static bool is_number(const struct rp_node *node) {
    return !node || node->is_constant;
}

void rp_fold(struct rp_node *node) {
    const struct rp_node *a = node->a, *b = node->b, *c = node->c;
    if (!rp_c_is_integer(node->type) || node->type->size > 8 || !a || !is_number(a) ||
        !is_number(b) || !is_number(c))
        return;
    uint64_t value = (uint64_t)a->value; /* of a cast */
    if (node->kind == RP_NODE_UNARY)
        value = unary(node);
    else if (node->kind == RP_NODE_BINARY && b)
        value = binary(node, b);
    else if (node->kind == RP_NODE_CONDITION && b && c)
        value = (uint64_t)(a->value ? b : c)->value;
    node->value = fit(node->type, value);
    node->is_constant = true;
}
