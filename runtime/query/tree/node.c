/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, and those that are leaves. */
#include <ctype.h>
#include <string.h>

#include "query/tree/build.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ nodes */

struct rp_node *rp_node_new(const struct rp_parser *p, enum rp_node_kind kind, const char *from,
                            const char *to) {
    struct rp_node *node = rp_arena_alloc(&p->scope->types->arena, sizeof(*node));
    if (!node)
        return NULL;
    if (p->outer) { /* its text is where the macro was used */
        while (p->outer->outer)
            p = p->outer;
        from = p->used;
        to = from + p->used_length;
    }
    node->kind = kind;
    node->text = from;
    node->length = to > from ? (size_t)(to - from) : 0;
    node->memory = p->scope->memory;
    return node;
}

void rp_node_adopt(struct rp_node *node, const struct rp_node *part) {
    if (!part)
        return;
    node->reads_argument |= part->reads_argument;
    node->reads_return |= part->reads_return;
    node->reads_memory |= part->reads_memory;
    node->asks_entry |= part->asks_entry;
    node->asks_return |= part->asks_return;
}

struct rp_node *rp_node_of(const struct rp_parser *p, enum rp_node_kind kind, const char *from,
                           const char *to, const struct rp_node *a, const struct rp_node *b,
                           const struct rp_node *c) {
    struct rp_node *node = rp_node_new(p, kind, from, to);
    if (!node)
        return NULL;
    node->a = a;
    node->b = b;
    node->c = c;
    rp_node_adopt(node, a);
    rp_node_adopt(node, b);
    rp_node_adopt(node, c);
    return node;
}

struct rp_error *rp_node_done(struct rp_node *node, const struct rp_node **out) {
    if (!node || !node->type)
        return rp_error_nomem();
    *out = node;
    return NULL;
}

/* ------------------------------------------------------------------ what is text */

/* Names of files are unsigned characters to the kernel (struct qstr), but so is what is not text at
 * all (skb->data): among these, what is called a name is one. */
static bool is_called_name(const char *text, size_t length) {
    while (length && !isalnum((unsigned char)text[length - 1]))
        length--;
    return length >= 4 && !strncmp(text + length - 4, "name", 4);
}

/* The characters that it leads to, or NULL. */
static const struct rp_c_type *characters_of(struct rp_c_types *types,
                                             const struct rp_c_type *type) {
    if (type->kind != RP_C_POINTER && type->kind != RP_C_ARRAY)
        return NULL;
    const struct rp_c_type *to = rp_c_type_to(types, type);
    return to && to->kind == RP_C_INT && to->is_char ? to : NULL;
}

bool rp_c_is_text(struct rp_c_types *types, const struct rp_c_type *type, const char *name,
                  size_t length) {
    const struct rp_c_type *characters = characters_of(types, type);
    return characters && (characters->is_plain_char || is_called_name(name, length));
}

bool rp_node_reads_as_text(const struct rp_parser *p, const struct rp_node *node) {
    struct rp_c_types *types = p->scope->types;
    return rp_c_is_text(types, node->type, node->text, node->length) ||
           (node->kind == RP_NODE_CAST && characters_of(types, node->type));
}

/* ------------------------------------------------------------------ what has no place in
 * arithmetic */

struct rp_error *rp_build_check_scalar(const struct rp_parser *p, const struct rp_node *node) {
    RP_AUTO_FREE char *type = rp_c_type_text(node->type);
    if (!type)
        return rp_error_nomem();
    switch (node->type->kind) {
    case RP_C_COMPOSITE:
        return rp_error_hint_set(rp_parse_error_at(p, node, "`%.*s` is a %s, and not a value",
                                                   (int)node->length, node->text, type),
                                 "use a member of it");
    case RP_C_VOID:
        return rp_parse_error_at(p, node, "it has no value");
    case RP_C_FLOAT:
        return rp_parse_error_at(p, node, "BPF has no floating point");
    default:
        break;
    }
    if (node->kind == RP_NODE_STRING)
        return rp_error_hint_set(
            rp_parse_error_at(p, node, "a text can be compared with another by == and !=, no more"),
            "starts(TEXT, \"BEGINNING\") says how one begins");
    return NULL;
}

/* ------------------------------------------------------------------ leaves */

struct rp_error *rp_build_constant(const struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_c_type *type, int64_t value, const char *name,
                                   const struct rp_node **out) {
    struct rp_node *node = rp_node_new(p, RP_NODE_NUMBER, token->text, token->text + token->len);
    if (!node)
        return rp_error_nomem();
    node->type = type;
    node->value = value;
    node->is_constant = true;
    node->name = name;
    return rp_node_done(node, out);
}

struct rp_error *rp_build_variable(const struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_variable *variable, const struct rp_node **out) {
    if (variable->missing) {
        struct rp_error *err =
            rp_parse_error(p, token->text, "`%s` %s", variable->name, variable->missing);
        return variable->instead ? rp_error_hint_set(err, "%s", variable->instead) : err;
    }
    if (variable->type->kind == RP_C_FLOAT)
        return rp_parse_error(p, token->text, "BPF has no floating point");
    struct rp_node *node = rp_node_new(p, RP_NODE_VARIABLE, token->text, token->text + token->len);
    if (!node)
        return rp_error_nomem();
    node->variable = variable;
    node->type = variable->type;
    node->memory = variable->memory;
    node->reads_argument = variable->origin == RP_OF_PROBE;
    node->reads_return = variable->origin == RP_OF_RETURN;
    node->is_text = rp_node_reads_as_text(p, node);
    return rp_node_done(node, out);
}

static const struct rp_variable *variable_called(const struct rp_parser *p, const char *name) {
    for (size_t i = 0; i < p->scope->count; i++)
        if (!strcmp(p->scope->variables[i].name, name))
            return &p->scope->variables[i];
    return NULL;
}

struct rp_error *rp_build_shown(const struct rp_parser *p, const struct rp_node *node,
                                const struct rp_node **out) {
    const struct rp_variable *length = node->kind == RP_NODE_VARIABLE && node->variable->length
                                           ? variable_called(p, node->variable->length)
                                           : NULL;
    *out = node;
    if (!length || length->missing)
        return NULL;
    const struct rp_node *count = NULL;
    struct rp_token token = {.text = node->text, .len = node->length};
    RP_TRY(rp_build_variable(p, &token, length, &count));
    struct rp_node *bytes =
        rp_node_of(p, RP_NODE_BYTES, node->text, rp_node_end(node), node, count, NULL);
    if (!bytes)
        return rp_error_nomem();
    bytes->type = rp_c_array_of(p->scope->types, &rp_c_char, 0);
    bytes->is_text = bytes->reads_memory = true;
    bytes->memory = node->memory;
    return rp_node_done(bytes, out);
}
