/* SPDX-License-Identifier: Apache-2.0 */
/* Operators by C's own rules: the type of what comes out, and what is wrong with it. */
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/fold.h"
#include "util/cleanup.h"

/* Where an address of the process's leads on to is the process's. */
static enum rp_memory joined(const struct rp_node *a, const struct rp_node *b) {
    if (!b || !rp_c_is_address(b->type))
        return rp_c_is_address(a->type) || !b || b->is_constant || b->memory != RP_MEMORY_USER
                   ? a->memory
                   : b->memory;
    return rp_c_is_address(a->type) && a->memory == RP_MEMORY_USER ? a->memory : b->memory;
}

static bool is_wide(const struct rp_node *node) {
    return node->type->size > 8 && rp_c_is_integer(node->type);
}

/* A node whose value is known is a number. */
static struct rp_error *folded(struct rp_node *node, const struct rp_node **out) {
    if (node->type)
        rp_fold(node);
    return rp_node_done(node, out);
}

struct rp_error *rp_build_unary(const struct rp_parser *p, enum rp_op op, const struct rp_node *a,
                                const char *from, const struct rp_node **out) {
    RP_TRY(rp_build_check_scalar(p, a));
    if (op != RP_OP_NOT && !rp_c_is_integer(a->type))
        return rp_parse_error(p, from, "`%.*s` is not a number", (int)a->length, a->text);
    struct rp_node *node = rp_node_of(p, RP_NODE_UNARY, from, rp_node_end(a), a, NULL, NULL);
    if (!node)
        return rp_error_nomem();
    node->op = op;
    node->type = op == RP_OP_NOT ? &rp_c_int : rp_c_promoted(a->type, a->bits);
    node->memory = a->memory;
    return folded(node, out);
}

static bool compares(enum rp_op op) {
    return op >= RP_OP_LESS && op <= RP_OP_UNEQUAL;
}

static struct rp_error *check_shift(const struct rp_parser *p, const struct rp_node *a,
                                    const struct rp_node *b) {
    uint64_t bits = rp_c_promoted(a->type, a->bits)->size * 8;
    if (b->is_constant && (uint64_t)b->value >= bits)
        return rp_parse_error_at(p, b, "`%.*s` has %ju bits: C does not say what a shift by %jd is",
                                 (int)a->length, a->text, (uintmax_t)bits, (intmax_t)b->value);
    return NULL;
}

static struct rp_error *check_division(const struct rp_parser *p, const struct rp_node *a,
                                       const struct rp_node *b) {
    if (b->is_constant && !b->value)
        return rp_parse_error_at(p, b, "nothing can be divided by 0");
    if (is_wide(a) || is_wide(b))
        return rp_error_hint_set(rp_parse_error_at(p, a, "BPF cannot divide numbers of 128 bits"),
                                 "take a half of it: (u64)%.*s", (int)a->length, a->text);
    return NULL;
}

static struct rp_error *check_operands(const struct rp_parser *p, enum rp_op op, const char *at,
                                       const struct rp_node *a, const struct rp_node *b) {
    RP_TRY(rp_build_check_scalar(p, a));
    RP_TRY(rp_build_check_scalar(p, b));
    if (op == RP_OP_SHIFT_LEFT || op == RP_OP_SHIFT_RIGHT)
        RP_TRY(check_shift(p, a, b));
    if (op == RP_OP_DIVIDE || op == RP_OP_REMAINDER)
        RP_TRY(check_division(p, a, b));
    if (op == RP_OP_MULTIPLY && (is_wide(a) || is_wide(b)))
        return rp_parse_error_at(p, a, "BPF cannot multiply numbers of 128 bits");
    bool adds = op == RP_OP_ADD || op == RP_OP_SUBTRACT;
    bool addresses = rp_c_is_address(a->type) || rp_c_is_address(b->type);
    if (!addresses || compares(op) || op == RP_OP_BOTH || op == RP_OP_ANY)
        return NULL;
    bool both = rp_c_is_address(a->type) && rp_c_is_address(b->type);
    if (!adds || (op == RP_OP_ADD && both) || (op == RP_OP_SUBTRACT && !rp_c_is_address(a->type)))
        return rp_error_hint_set(rp_parse_error(p, at, "C has no such operator for addresses"),
                                 "take it as a number: (u64)%.*s",
                                 (int)(rp_c_is_address(a->type) ? a : b)->length,
                                 (rp_c_is_address(a->type) ? a : b)->text);
    return NULL;
}

/* p + i, p - i, p - q: the size of what is there counts. */
static struct rp_error *type_of_addresses(const struct rp_parser *p, struct rp_node *node) {
    struct rp_c_types *types = p->scope->types;
    const struct rp_node *address = rp_c_is_address(node->a->type) ? node->a : node->b;
    const struct rp_c_type *to = rp_c_type_to(types, address->type);
    if (!to)
        return rp_error_nomem();
    if (!to->size && to->kind != RP_C_VOID && to->kind != RP_C_FUNCTION)
        return rp_parse_error_at(p, address, "the size of what `%.*s` leads to is not known",
                                 (int)address->length, address->text);
    bool difference = rp_c_is_address(node->a->type) && rp_c_is_address(node->b->type);
    node->type = difference                            ? &rp_c_long
                 : address->type->kind == RP_C_POINTER ? address->type
                                                       : rp_c_pointer_to(types, to);
    node->is_text = !difference && address->is_text;
    return NULL;
}

struct rp_error *rp_build_binary(const struct rp_parser *p, enum rp_op op, const char *at,
                                 const struct rp_node *a, const struct rp_node *b,
                                 const struct rp_node **out) {
    bool equality = op == RP_OP_EQUAL || op == RP_OP_UNEQUAL;
    bool texts =
        a->kind == RP_NODE_STRING || b->kind == RP_NODE_STRING || (a->is_text && b->is_text);
    if (equality && texts)
        return rp_build_compare(p, op, a->text, rp_node_end(b), a, b, out);
    RP_TRY(check_operands(p, op, at, a, b));
    struct rp_node *node = rp_node_of(p, RP_NODE_BINARY, a->text, rp_node_end(b), a, b, NULL);
    if (!node)
        return rp_error_nomem();
    node->op = op;
    node->memory = joined(a, b);
    bool addresses = rp_c_is_address(a->type) || rp_c_is_address(b->type);
    if (compares(op) || op == RP_OP_BOTH || op == RP_OP_ANY)
        node->type = &rp_c_int;
    else if (addresses)
        RP_TRY(type_of_addresses(p, node));
    else if (op == RP_OP_SHIFT_LEFT || op == RP_OP_SHIFT_RIGHT)
        node->type = rp_c_promoted(a->type, a->bits);
    else
        node->type = rp_c_common(rp_c_promoted(a->type, a->bits), rp_c_promoted(b->type, b->bits));
    return folded(node, out);
}

struct rp_error *rp_build_condition(const struct rp_parser *p, const struct rp_node *a,
                                    const struct rp_node *b, const struct rp_node *c,
                                    const struct rp_node **out) {
    RP_TRY(rp_build_check_scalar(p, a));
    if (b->kind != RP_NODE_STRING)
        RP_TRY(rp_build_check_scalar(p, b));
    if (c->kind != RP_NODE_STRING)
        RP_TRY(rp_build_check_scalar(p, c));
    if (b->kind == RP_NODE_STRING || c->kind == RP_NODE_STRING)
        return rp_parse_error_at(p, b->kind == RP_NODE_STRING ? b : c,
                                 "a text in quotes can only be compared");
    struct rp_node *node = rp_node_of(p, RP_NODE_CONDITION, a->text, rp_node_end(c), a, b, c);
    if (!node)
        return rp_error_nomem();
    const struct rp_node *address = rp_c_is_address(b->type)   ? b
                                    : rp_c_is_address(c->type) ? c
                                                               : NULL;
    node->memory = joined(b, c);
    if (address) {
        const struct rp_c_type *to = rp_c_type_to(p->scope->types, address->type);
        node->type = address->type->kind == RP_C_POINTER ? address->type
                                                         : rp_c_pointer_to(p->scope->types, to);
        node->is_text = address->is_text;
    } else {
        node->type = rp_c_common(rp_c_promoted(b->type, b->bits), rp_c_promoted(c->type, c->bits));
    }
    return folded(node, out);
}

struct rp_error *rp_build_cast(const struct rp_parser *p, const struct rp_c_type *type,
                               const struct rp_node *a, const char *from,
                               const struct rp_node **out) {
    RP_AUTO_FREE char *text = rp_c_type_text(type);
    if (!text)
        return rp_error_nomem();
    if (type->kind == RP_C_VOID)
        return rp_parse_error(p, from, "it has no value");
    if (type->kind == RP_C_FLOAT)
        return rp_error_hint_set(rp_parse_error(p, from, "BPF has no floating point"),
                                 "count in smaller units, in whole numbers");
    if (!rp_c_is_integer(type) && type->kind != RP_C_POINTER)
        return rp_error_hint_set(rp_parse_error(p, from, "nothing can be cast to %s", text),
                                 "cast its address: *(%s *)&…", text);
    RP_TRY(rp_build_check_scalar(p, a));
    struct rp_node *node = rp_node_of(p, RP_NODE_CAST, from, rp_node_end(a), a, NULL, NULL);
    if (!node)
        return rp_error_nomem();
    node->type = type;
    node->memory = a->memory;
    node->is_text = rp_node_reads_as_text(p, node);
    return folded(node, out);
}
