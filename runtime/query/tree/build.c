/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: made, and typed by C's own rules; what comes of operators, and what is wrong with it. */
#include <ctype.h>
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/fold.h"
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
    node->reads_memory = variable->unread;
    node->reads_argument = variable->origin == RP_OF_PROBE;
    node->reads_return = variable->origin == RP_OF_RETURN ||
                         (variable->origin == RP_OF_TASK && p->scope->task_at_return);
    node->is_text = !variable->leads && rp_node_reads_as_text(p, node);
    return rp_node_done(node, out);
}

struct rp_error *rp_build_bytes(const struct rp_parser *p, const struct rp_node *shown,
                                const struct rp_node *address, const struct rp_node *count,
                                const struct rp_node **out) {
    struct rp_node *bytes =
        rp_node_of(p, RP_NODE_BYTES, shown->text, rp_node_end(shown), address, count, NULL);
    if (!bytes)
        return rp_error_nomem();
    bytes->type = rp_c_array_of(p->scope->types, &rp_c_char, 0);
    bytes->is_text = bytes->reads_memory = true;
    bytes->memory = address->memory;
    return rp_node_done(bytes, out);
}

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

/* Strings are compared as text, but two pointers to strings as pointers. */
static bool are_texts(const struct rp_parser *p, const struct rp_node *a, const struct rp_node *b) {
    struct rp_c_types *types = p->scope->types;
    bool both = (a->is_text || rp_c_is_string(types, a->type)) &&
                (b->is_text || rp_c_is_string(types, b->type));
    bool pointers = !a->is_text && !b->is_text && a->type->kind == RP_C_POINTER &&
                    b->type->kind == RP_C_POINTER;
    return a->kind == RP_NODE_STRING || b->kind == RP_NODE_STRING || (both && !pointers);
}

struct rp_error *rp_build_binary(const struct rp_parser *p, enum rp_op op, const char *at,
                                 const struct rp_node *a, const struct rp_node *b,
                                 const struct rp_node **out) {
    bool equality = op == RP_OP_EQUAL || op == RP_OP_UNEQUAL;
    if (equality && are_texts(p, a, b))
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

/* ------------------------------------------------------------------ looks */

struct rp_error *rp_build_look(const struct rp_parser *p, const struct rp_node *a, const char *look,
                               const struct rp_node **out) {
    if (!rp_c_is_integer(a->type))
        return rp_parse_error_at(p, a, "this is not a number");
    struct rp_node *node = rp_node_new(p, a->kind, a->text, rp_node_end(a));
    if (!node)
        return rp_error_nomem();
    *node = *a;
    node->look = look;
    *out = node;
    return NULL;
}

/* ------------------------------------------------------------------ text */

/* Bytes of a task's name, its end included. */
#define TASK_NAME_SIZE 16

/* Of a text that is compared, which is on the stack. */
#define COMPARED_MAX 119

static bool is_task_name(const struct rp_node *node) {
    return node->kind == RP_NODE_VARIABLE && node->variable->origin == RP_OF_TASK;
}

bool rp_compares_pattern(enum rp_op op, const struct rp_node *text) {
    return op == RP_OP_MATCHES || op == RP_OP_HAS || op == RP_OP_ENDS || text->no_case;
}

static struct rp_error *check_wanted(const struct rp_parser *p, enum rp_op op,
                                     const struct rp_node *text, const struct rp_node *wanted) {
    if (memchr(wanted->bytes, '\0', wanted->byte_count) && text->kind != RP_NODE_BYTES)
        return rp_parse_error_at(p, wanted, "a text ends at its first \\0");
    if (wanted->byte_count > COMPARED_MAX)
        return rp_error_hint_set(rp_parse_error_at(p, wanted,
                                                   "text that is compared has %d bytes at most",
                                                   COMPARED_MAX),
                                 "a BPF program's stack has 512 bytes");
    if (wanted->byte_count > RP_MATCH_MAX && rp_compares_pattern(op, text))
        return rp_parse_error_at(p, wanted, "what is looked for has %d bytes at most",
                                 RP_MATCH_MAX);
    if (wanted->is_pattern && (op == RP_OP_EQUAL || op == RP_OP_UNEQUAL))
        return rp_error_hint_set(
            rp_parse_error_at(p, wanted, "== and != compare whole texts, and know no patterns"),
            "%.*s ~ %.*s compares with a pattern; \\* is the character itself", (int)text->length,
            text->text, (int)wanted->length, wanted->text);
    if (op == RP_OP_MATCHES)
        return NULL;
    if (is_task_name(text) && wanted->byte_count >= TASK_NAME_SIZE)
        return rp_error_hint_set(
            rp_parse_error_at(p, wanted, "%.*s is never a task's name: those have 15 bytes at most",
                              (int)wanted->length, wanted->text),
            "give the first 15 bytes");
    if (text->type->kind == RP_C_ARRAY && text->type->elements &&
        wanted->byte_count > text->type->elements)
        return rp_parse_error_at(p, wanted, "`%.*s` has %ju bytes at most", (int)text->length,
                                 text->text, (uintmax_t)text->type->elements);
    return NULL;
}

static struct rp_error *not_a_text(const struct rp_parser *p, const struct rp_node *node,
                                   const struct rp_node *wanted) {
    RP_AUTO_FREE char *type = rp_c_type_text(node->type);
    if (!type)
        return rp_error_nomem();
    struct rp_error *err =
        rp_parse_error_at(p, node, "`%.*s` is not a text, but %s: it cannot be compared with %.*s",
                          (int)node->length, node->text, type, (int)wanted->length, wanted->text);
    if (node->type->is_char && wanted->byte_count == 1)
        return rp_error_hint_set(err, "a character stands in single quotes: '%s'", wanted->bytes);
    if (rp_c_is_address(node->type) || node->type->size == 8)
        return rp_error_hint_set(err, "if there is text: str(%.*s)", (int)node->length, node->text);
    return rp_error_hint_set(err, "compare it with a number");
}

struct rp_error *rp_build_compare(const struct rp_parser *p, enum rp_op op, const char *from,
                                  const char *to, const struct rp_node *a, const struct rp_node *b,
                                  const struct rp_node **out) {
    if (a->kind == RP_NODE_STRING && b->kind != RP_NODE_STRING) { /* the text in quotes second */
        const struct rp_node *swapped = a;
        a = b;
        b = swapped;
    }
    if (a->kind == RP_NODE_STRING)
        return rp_parse_error_at(p, a, "two texts in quotes are what they are");
    RP_TRY(p->shown(p, a, &a));
    RP_TRY(p->shown(p, b, &b));
    if (!a->is_text)
        return not_a_text(p, a, b);
    if (b->kind == RP_NODE_STRING)
        RP_TRY(check_wanted(p, op, a, b));
    else if (a->no_case || b->no_case || (op != RP_OP_EQUAL && op != RP_OP_UNEQUAL))
        return rp_parse_error_at(p, b, "this is not a text in quotes");
    struct rp_node *node = rp_node_of(p, RP_NODE_COMPARE, from, to, a, b, NULL);
    if (!node)
        return rp_error_nomem();
    node->op = op;
    node->type = &rp_c_int;
    node->reads_memory |= !is_task_name(a);
    return rp_node_done(node, out);
}
