/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as C again, every operator in brackets. */
#include <stdio.h>

#include "query/tree/operator.h"
#include "query/tree/tree.h"
#include "util/cleanup.h"

const char *rp_op_text(enum rp_op op) {
    static const char *const texts[] = {
        [RP_OP_NONE] = "",         [RP_OP_MULTIPLY] = "*",     [RP_OP_DIVIDE] = "/",
        [RP_OP_REMAINDER] = "%",   [RP_OP_ADD] = "+",          [RP_OP_SUBTRACT] = "-",
        [RP_OP_SHIFT_LEFT] = "<<", [RP_OP_SHIFT_RIGHT] = ">>", [RP_OP_LESS] = "<",
        [RP_OP_GREATER] = ">",     [RP_OP_LESS_EQUAL] = "<=",  [RP_OP_GREATER_EQUAL] = ">=",
        [RP_OP_EQUAL] = "==",      [RP_OP_UNEQUAL] = "!=",     [RP_OP_AND] = "&",
        [RP_OP_XOR] = "^",         [RP_OP_OR] = "|",           [RP_OP_BOTH] = "&&",
        [RP_OP_ANY] = "||",        [RP_OP_MINUS] = "-",        [RP_OP_NOT] = "!",
        [RP_OP_INVERT] = "~",      [RP_OP_STARTS] = "starts",  [RP_OP_MATCHES] = "~",
        [RP_OP_HAS] = "has",       [RP_OP_ENDS] = "ends",
    };
    return texts[op];
}

static void write_node(FILE *out, const struct rp_node *node);

static void write_between(FILE *out, const char *open, const struct rp_node *a, const char *close) {
    fputs(open, out);
    write_node(out, a);
    fputs(close, out);
}

static void write_two(FILE *out, const struct rp_node *node, const char *open, const char *between,
                      const char *close) {
    write_between(out, open, node->a, "");
    if (node->b)
        write_between(out, between, node->b, "");
    fputs(close, out);
}

static void write_binary(FILE *out, const struct rp_node *node) {
    write_between(out, "(", node->a, " ");
    fputs(rp_op_text(node->op), out);
    write_between(out, " ", node->b, ")");
}

static void write_cast(FILE *out, const struct rp_node *node) {
    RP_AUTO_FREE char *type = rp_c_type_text(node->type);
    fprintf(out, "((%s)", type ? type : "");
    write_between(out, "", node->a, ")");
}

/* starts(a, b) and its like; the others stand between the two. */
static bool is_called(enum rp_op op) {
    return op == RP_OP_STARTS || op == RP_OP_HAS || op == RP_OP_ENDS;
}

static void write_comparison(FILE *out, const struct rp_node *node) {
    if (node->a->no_case)
        fputs("nocase ", out);
    if (is_called(node->op)) {
        fputs(rp_op_text(node->op), out);
        write_two(out, node, "(", ", ", ")");
    } else {
        write_binary(out, node);
    }
}

static void write_node(FILE *out, const struct rp_node *node) {
    switch (node->kind) {
    case RP_NODE_NUMBER:
        fputs(node->name, out);
        return;
    case RP_NODE_STRING:
        fprintf(out, "%.*s", (int)node->length, node->text);
        return;
    case RP_NODE_VARIABLE:
        fputs(node->variable->name, out);
        return;
    case RP_NODE_MEMBER:
        write_node(out, node->a);
        fprintf(out, "%s%s", node->arrow ? "->" : ".", node->member.name);
        return;
    case RP_NODE_INDEX:
        if (node->b)
            write_two(out, node, "", "[", "]");
        else
            write_between(out, "(*", node->a, ")");
        return;
    case RP_NODE_ADDRESS:
        write_between(out, "(&", node->a, ")");
        return;
    case RP_NODE_UNARY:
        fprintf(out, "(%s", rp_op_text(node->op));
        write_between(out, "", node->a, ")");
        return;
    case RP_NODE_BINARY:
        write_binary(out, node);
        return;
    case RP_NODE_CONDITION:
        write_between(out, "(", node->a, " ? ");
        write_between(out, "", node->b, " : ");
        write_between(out, "", node->c, ")");
        return;
    case RP_NODE_CAST:
        write_cast(out, node);
        return;
    case RP_NODE_COMPARE:
        write_comparison(out, node);
        return;
    case RP_NODE_TEXT:
        write_two(out, node, "str(", ", ", ")");
        return;
    case RP_NODE_BYTES:
        write_two(out, node, "buf(", ", ", ")");
        return;
    case RP_NODE_HELPER:
    case RP_NODE_MOMENT:
        fprintf(out, "%s(", node->name);
        if (node->a)
            write_node(out, node->a);
        fputs(")", out);
        return;
    }
}

char *rp_tree_text(const struct rp_node *node) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write_node(out, node);
    fclose(out);
    return text;
}

void rp_tree_each_variable(const struct rp_node *node,
                           void (*each)(void *ctx, const struct rp_variable *variable), void *ctx) {
    if (node->kind == RP_NODE_VARIABLE)
        each(ctx, node->variable);
    if (node->a)
        rp_tree_each_variable(node->a, each, ctx);
    if (node->b)
        rp_tree_each_variable(node->b, each, ctx);
    if (node->c)
        rp_tree_each_variable(node->c, each, ctx);
}
