/* SPDX-License-Identifier: Apache-2.0 */
/* Text brought onto the stack, where it is compared. */
#include "query/tree/reads.h"
#include <stdlib.h>
#include <string.h>

bool rp_node_is_bytes(const struct rp_node *node) {
    return rp_node_of_moments(node)->kind == RP_NODE_BYTES;
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
                           unsigned more, const char **unread, const char **whole) {
    if (whole)
        *whole = rp_reads_text(r, "%jd", (intmax_t)count->value);
    if (count->is_constant)
        return rp_reads_text(r, "%ju",
                             (uintmax_t)((uint64_t)count->value < most - more
                                             ? (uint64_t)count->value + more
                                             : most));
    struct rp_code code = rp_reads_value(r, count);
    const char *text = rp_code_operand(r, &code), *name = rp_reads_name(r, "size");
    if (whole)
        *whole = text;
    rp_reads_indent(r);
    fprintf(r->out, more ? "u64 %s = (u64)%s + %u;\n" : "u64 %s = %s;\n", name, text, more);
    rp_reads_indent(r);
    /* Else the compiler may compare a copy, of which the verifier does not know that it is one. */
    fprintf(r->out, "asm(\"\" : \"+r\"(%s)); /* the verifier sees its limits */\n", name);
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
        return rp_reads_least(r, node->b, capacity, 1, unread, NULL);
    uint64_t elements = node->type->kind == RP_C_ARRAY ? node->type->elements : 0;
    /* One more than an array has: the last one becomes the text's end. */
    return rp_reads_text(r, "%ju",
                         (uintmax_t)(elements && elements < capacity ? elements + 1 : capacity));
}

/* Whether there may be more of it than the room has. */
static bool is_open(const struct rp_node *node, unsigned capacity) {
    return node->type->kind != RP_C_ARRAY || !node->type->elements ||
           node->type->elements >= capacity;
}

static struct rp_seen load_text(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                                const char **goes_on) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *size = size_of_text(r, node, capacity, &address.unread);
    const char *name = rp_reads_name(r, "text"), *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "char %s[%u];\n", name, capacity);
    const char *read =
        rp_reads_text(r, "%s_str(%s, %s, %s)", rp_reads_helper(memory), name, size, address.text);
    rp_reads_indent(r);
    if (goes_on && is_open(node, capacity)) {
        fprintf(r->out, "int %s = %s;\n", err, read);
        *goes_on = rp_reads_text(r, "%s == %u", err, capacity);
        err = rp_reads_text(r, "(%s < 0)", err);
        return (struct rp_seen){name, rp_reads_joined(r, address.unread, err), NULL};
    }
    fprintf(r->out, "int %s = %s%s(%s < 0);\n", err, address.unread ? address.unread : "",
            address.unread ? " | " : "", read);
    return (struct rp_seen){name, err, NULL};
}

static struct rp_seen load_bytes(struct rp_reads *r, const struct rp_node *node,
                                 unsigned capacity) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    unsigned all = (unsigned)node->type->elements; /* of an array, where nothing says how many */
    const char *size = node->b ? rp_reads_least(r, node->b, capacity, 0, &address.unread, NULL)
                               : rp_reads_text(r, "%u", all < capacity ? all : capacity);
    const char *name = rp_reads_name(r, "bytes"), *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "char %s[%u] = {};\n", name, capacity);
    rp_reads_indent(r);
    fprintf(r->out, "int %s = %s(%s, %s, %s);\n", err, rp_reads_helper(memory), name, size,
            address.text);
    return (struct rp_seen){name, rp_reads_joined(r, address.unread, err),
                            node->b ? size : rp_reads_text(r, "%u", all)};
}

/* Of what was kept the last byte but one is 0 unless there was more. */
static const char *is_full(struct rp_reads *r, const struct rp_node *node, const char *name) {
    const struct rp_node *of = node->kind == RP_NODE_MOMENT ? node->a : node;
    bool open = of->kind != RP_NODE_VARIABLE || of->type->kind != RP_C_ARRAY;
    return open && !rp_node_is_bytes(node) ? rp_reads_text(r, "%s[sizeof(%s) - 2]", name, name)
                                           : NULL;
}

/* `goes_on` is NULL where the beginning is enough. */
static struct rp_seen see(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                          const char **goes_on) {
    struct rp_code known;
    if (rp_reads_known_text(r, &node, &known)) {
        if (goes_on)
            *goes_on = is_full(r, node, known.text);
        return (struct rp_seen){known.text, known.unread,
                                rp_node_is_bytes(node) ? rp_reads_text(r, "%s_size", known.text)
                                                       : NULL};
    }
    if (rp_node_is_comm(node) || (node->type->kind == RP_C_ARRAY && rp_node_is_in_place(node)))
        return (struct rp_seen){rp_reads_place(r, node).text, NULL, NULL};
    return node->kind == RP_NODE_BYTES ? load_bytes(r, node, capacity)
                                       : load_text(r, node, capacity, goes_on);
}

struct rp_seen rp_reads_see(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                            const char **goes_on) {
    struct rp_seen seen = see(r, node, capacity, goes_on);
    if (seen.count && goes_on && !*goes_on)
        *goes_on = rp_reads_text(r, "%s >= sizeof(%s)", seen.count, seen.name);
    return seen;
}
