/* SPDX-License-Identifier: Apache-2.0 */
/* Text: brought onto the stack to be compared. */
#include <string.h>

#include "query/tree/reads.h"

/* Of two texts that are compared with one another, in bytes. */
#define BOTH_CAPACITY 64

/* What stands where C can see it. */
struct seen {
    const char *name;
    const char *unread;
    const char *count; /* how many bytes it is, where that is not told by its end */
};

bool rp_node_is_comm(const struct rp_node *node) {
    return node->kind == RP_NODE_VARIABLE && node->variable->origin == RP_OF_TASK && node->is_text;
}

struct rp_code rp_reads_text_address(struct rp_reads *r, const struct rp_node *node,
                                     enum rp_memory *memory) {
    if (node->kind == RP_NODE_TEXT || node->kind == RP_NODE_BYTES)
        node = node->a;
    bool array = node->has_address && node->type->kind == RP_C_ARRAY;
    *memory = array ? node->place : node->memory;
    struct rp_code code = array ? rp_reads_place(r, node) : rp_reads_value(r, node);
    if (rp_c_is_integer(node->type)) /* a register's value */
        code = rp_reads_primary(r, rp_reads_text(r, "(void *)%s", rp_code_operand(r, &code)),
                                code.unread);
    return code;
}

const char *rp_reads_least(struct rp_reads *r, const struct rp_node *count, unsigned most,
                           unsigned more, const char **unread) {
    if (count->is_constant)
        return rp_reads_text(r, "%ju",
                             (uintmax_t)((uint64_t)count->value < most - more
                                             ? (uint64_t)count->value + more
                                             : most));
    struct rp_code code = rp_reads_value(r, count);
    const char *text = rp_code_operand(r, &code), *name = rp_reads_name(r, "size");
    rp_reads_indent(r);
    fprintf(r->out, more ? "u64 %s = (u64)%s + %u;\n" : "u64 %s = %s;\n", name, text, more);
    rp_reads_indent(r);
    fprintf(r->out, "if (%s > %u)\n", name, most);
    rp_reads_indent(r);
    fprintf(r->out, "    %s = %u;\n", name, most);
    *unread = rp_reads_joined(r, *unread, code.unread);
    if (count->type->is_signed) /* an error of the call's, and no length */
        *unread = rp_reads_joined(r, *unread, rp_reads_text(r, "(%s < 0)", text));
    return name;
}

/* How many bytes of the text are read: all that there is room for, or that belong to it. */
static const char *size_of_text(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                                const char **unread) {
    if (node->kind == RP_NODE_TEXT && node->b)
        return rp_reads_least(r, node->b, capacity, 1, unread);
    uint64_t elements = node->type->kind == RP_C_ARRAY ? node->type->elements : 0;
    /* One more than an array has: the last one becomes the text's end. */
    return rp_reads_text(r, "%ju",
                         (uintmax_t)(elements && elements < capacity ? elements + 1 : capacity));
}

static struct seen load_text(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                             bool whole) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *size = size_of_text(r, node, capacity, &address.unread);
    const char *name = rp_reads_name(r, "text"), *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "char %s[%u];\n", name, capacity);
    const char *read =
        rp_reads_text(r, "%s_str(%s, %s, %s)", rp_reads_helper(memory), name, size, address.text);
    rp_reads_indent(r);
    if (whole && node->type->kind != RP_C_ARRAY) {
        fprintf(r->out, "int %s = %s;\n", err, read);
        err = rp_reads_text(r, "(%s < 0 || %s == %u)", err, err, capacity);
        return (struct seen){name, rp_reads_joined(r, address.unread, err), NULL};
    }
    fprintf(r->out, "int %s = %s%s(%s < 0);\n", err, address.unread ? address.unread : "",
            address.unread ? " | " : "", read);
    return (struct seen){name, err, NULL};
}

static struct seen load_bytes(struct rp_reads *r, const struct rp_node *node, unsigned capacity) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *size = node->b ? rp_reads_least(r, node->b, capacity, 0, &address.unread)
                               : rp_reads_text(r, "%u", capacity);
    const char *name = rp_reads_name(r, "bytes"), *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "char %s[%u] = {};\n", name, capacity);
    rp_reads_indent(r);
    fprintf(r->out, "int %s = %s(%s, %s, %s);\n", err, rp_reads_helper(memory), name, size,
            address.text);
    return (struct seen){name, rp_reads_joined(r, address.unread, err), size};
}

/* `whole`: what may be longer than the room for it counts as not read. */
static struct seen see(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                       bool whole) {
    struct rp_code known;
    if (rp_reads_known_text(r, &node, &known))
        return (struct seen){known.text, known.unread, NULL};
    if (rp_node_is_comm(node) || (node->type->kind == RP_C_ARRAY && rp_node_is_in_place(node)))
        return (struct seen){rp_reads_place(r, node).text, NULL, NULL};
    return node->kind == RP_NODE_BYTES ? load_bytes(r, node, capacity)
                                       : load_text(r, node, capacity, whole);
}

static struct rp_code compare_two(struct rp_reads *r, const struct rp_node *node) {
    struct seen a = see(r, node->a, BOTH_CAPACITY, true), b = see(r, node->b, BOTH_CAPACITY, true);
    const char *unread = rp_reads_joined(r, a.unread, b.unread);
    r->uses |= RP_USES_IS_SAME;
    bool comm = rp_node_is_comm(node->a) || rp_node_is_comm(node->b);
    const char *text =
        rp_reads_text(r, "%sis_same(%s, %s, %u)", node->op == RP_OP_UNEQUAL ? "!" : "", a.name,
                      b.name, comm ? 16 : BOTH_CAPACITY);
    return (struct rp_code){text, RP_PRECEDENCE_UNARY, unread};
}

struct rp_code rp_reads_compare(struct rp_reads *r, const struct rp_node *node) {
    const struct rp_node *wanted = node->b;
    if (wanted->kind != RP_NODE_STRING)
        return compare_two(r, node);
    r->uses |= RP_USES_IS_TEXT;
    bool bytes = node->a->kind == RP_NODE_BYTES;
    /* One more than the text that is wanted: else a longer one, cut short, would be the same. */
    struct seen a = see(r, node->a, ((unsigned)wanted->byte_count + 9) & ~7U, false);
    bool begins = node->op == RP_OP_STARTS || bytes;
    const char *is = rp_reads_text(r, "is_text(%s, %s, sizeof(%s)%s)", a.name, wanted->name,
                                   wanted->name, begins ? " - 1" : "");
    if (bytes && a.count)
        is = rp_reads_text(r, "%s %s %zu && %s", a.count,
                           node->op == RP_OP_STARTS ? ">=" : "==", wanted->byte_count, is);
    bool negate = node->op == RP_OP_UNEQUAL, two = bytes && a.count;
    return (struct rp_code){negate ? rp_reads_text(r, two ? "!(%s)" : "!%s", is) : is,
                            two && !negate ? RP_PRECEDENCE_BOTH : RP_PRECEDENCE_UNARY, a.unread};
}
