/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of text. */
#include <string.h>

#include "query/tree/build.h"
#include "util/cleanup.h"

/* Bytes of a task's name, its end included. */
#define TASK_NAME_SIZE 16

/* Of a text that is compared, which is on the stack. */
#define COMPARED_MAX 119

static bool is_task_name(const struct rp_node *node) {
    return node->kind == RP_NODE_VARIABLE && node->variable->origin == RP_OF_TASK;
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
    if (wanted->is_pattern && op != RP_OP_STARTS)
        return rp_error_hint_set(
            rp_parse_error_at(p, wanted, "== and != compare whole texts, and know no patterns"),
            "starts(%.*s, \"BEGINNING\") says how one begins; \\* is the character itself",
            (int)text->length, text->text);
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
    RP_TRY(rp_build_shown(p, a, &a));
    RP_TRY(rp_build_shown(p, b, &b));
    if (!a->is_text)
        return not_a_text(p, a, b);
    if (b->kind == RP_NODE_STRING)
        RP_TRY(check_wanted(p, op, a, b));
    struct rp_node *node = rp_node_of(p, RP_NODE_COMPARE, from, to, a, b, NULL);
    if (!node)
        return rp_error_nomem();
    node->op = op;
    node->type = &rp_c_int;
    node->reads_memory |= !is_task_name(a);
    return rp_node_done(node, out);
}
