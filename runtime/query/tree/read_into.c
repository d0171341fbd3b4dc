/* SPDX-License-Identifier: Apache-2.0 */
/* Values on their way into a record, a key or what is kept of a call. */
#include <stdlib.h>
#include <string.h>

#include "query/tree/reads.h"

void rp_reads_begin(struct rp_reads *r, FILE *out, struct rp_c_types *types) {
    *r = (struct rp_reads){.out = out, .types = types, .compare = rp_reads_compare};
}

/* ------------------------------------------------------------------ what several have in common */

struct rp_shared {
    struct rp_shared *next;
    const char *key;
    unsigned last;  /* the expression that asked last */
    unsigned count; /* expressions that read it */
};

static struct rp_shared *find_shared(const struct rp_reads *r, const char *key) {
    struct rp_shared *shared = r->shared;
    while (shared && strcmp(shared->key, key) != 0)
        shared = shared->next;
    return shared;
}

static const char *key_of(struct rp_reads *r, const struct rp_node *node) {
    char *text = rp_tree_text(node);
    const char *key = text ? rp_arena_copy(&r->types->arena, text, strlen(text)) : NULL;
    free(text);
    r->nomem |= !key;
    return key;
}

static void expect_step(struct rp_reads *r, const struct rp_node *node) {
    const char *key = key_of(r, node);
    struct rp_shared *shared = key ? find_shared(r, key) : NULL;
    if (!key)
        return;
    if (!shared) {
        shared = rp_arena_alloc(&r->types->arena, sizeof(*shared));
        if (!shared) {
            r->nomem = true;
            return;
        }
        *shared = (struct rp_shared){.next = r->shared, .key = key};
        r->shared = shared;
    }
    shared->count += shared->last != r->expected;
    shared->last = r->expected;
}

/* Every step that is read whatever comes out of others. */
static void each_step(struct rp_reads *r, const struct rp_node *node,
                      void (*each)(struct rp_reads *r, const struct rp_node *node)) {
    struct rp_code known;
    if (!node || rp_reads_known(r, node, &known))
        return;
    bool decides =
        node->kind == RP_NODE_CONDITION || node->op == RP_OP_BOTH || node->op == RP_OP_ANY;
    each_step(r, node->a, each);
    if (!decides) {
        each_step(r, node->b, each);
        each_step(r, node->c, each);
    }
    if (rp_reads_is_step(node))
        each(r, node);
}

void rp_reads_expect(struct rp_reads *r, const struct rp_node *node) {
    r->expected++;
    each_step(r, node, expect_step);
}

static bool is_shared(struct rp_reads *r, const struct rp_node *node) {
    const char *key = key_of(r, node);
    const struct rp_shared *shared = key ? find_shared(r, key) : NULL;
    return shared && shared->count > 1;
}

static void read_shared(struct rp_reads *r, const struct rp_node *node) {
    if (is_shared(r, node))
        rp_reads_value(r, node);
}

void rp_reads_shared(struct rp_reads *r, const struct rp_node *node) {
    each_step(r, node, read_shared);
}

/* ------------------------------------------------------------------ into */

/* By what is computed of it: nothing is divided by 0, or shifted too far. */
static bool may_fail(const struct rp_node *node) {
    if (!node)
        return false;
    bool divides = node->op == RP_OP_DIVIDE || node->op == RP_OP_REMAINDER ||
                   node->op == RP_OP_SHIFT_LEFT || node->op == RP_OP_SHIFT_RIGHT;
    return node->reads_memory || (divides && !node->b->is_constant) || may_fail(node->a) ||
           may_fail(node->b) || may_fail(node->c);
}

bool rp_node_may_fail(const struct rp_node *node) {
    bool is_text = node->is_text && node->kind != RP_NODE_STRING && !rp_node_is_comm(node);
    return is_text || may_fail(node);
}

static void copy(struct rp_reads *r, const char *target, const char *from) {
    rp_reads_indent(r);
    fprintf(r->out, "__builtin_memcpy(%s, %s, sizeof(%s));\n", target, from, target);
}

/* "int err_3 = err_2 | CALL;" */
static const char *result(struct rp_reads *r, const char *unread, const char *call) {
    const char *err = rp_reads_name(r, "err");
    rp_reads_indent(r);
    fprintf(r->out, "int %s = %s%s%s;\n", err, unread ? unread : "", unread ? " | " : "", call);
    return err;
}

static const char *read_array(struct rp_reads *r, const struct rp_node *node, const char *target) {
    if (rp_node_is_in_place(node)) {
        copy(r, target, rp_reads_place(r, node).text);
        return NULL;
    }
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    return result(r, address.unread,
                  rp_reads_text(r, "%s(%s, sizeof(%s), %s)", rp_reads_helper(memory), target,
                                target, address.text));
}

static const char *read_text(struct rp_reads *r, const struct rp_node *node, const char *target,
                             unsigned capacity) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *size = rp_reads_text(r, "sizeof(%s)", target);
    if (node->kind == RP_NODE_TEXT && node->b)
        size = rp_reads_least(r, node->b, capacity, 1, &address.unread);
    return result(r, address.unread,
                  rp_reads_text(r, "(%s_str(%s, %s, %s) < 0)", rp_reads_helper(memory), target,
                                size, address.text));
}

/* An array that is full has no end of its own: its last character is read by itself. */
static const char *read_full_array(struct rp_reads *r, const struct rp_node *node,
                                   const char *target) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *helper = rp_reads_helper(memory);
    const char *length = result(
        r, NULL,
        rp_reads_text(r, "%s_str(%s, sizeof(%s), %s)", helper, target, target, address.text));
    rp_reads_indent(r);
    fprintf(r->out, "if (%s == sizeof(%s)) /* full: without an end */\n", length, target);
    rp_reads_indent(r);
    fprintf(r->out, "    %s(&%s[sizeof(%s) - 1], 1, %s + sizeof(%s) - 1);\n", helper, target,
            target, address.text, target);
    return rp_reads_joined(r, address.unread, rp_reads_text(r, "(%s < 0)", length));
}

static const char *read_bytes(struct rp_reads *r, const struct rp_node *node, const char *target,
                              unsigned capacity) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    const char *size = node->b ? rp_reads_least(r, node->b, capacity, 0, &address.unread)
                               : rp_reads_text(r, "%u", capacity);
    rp_reads_indent(r);
    fprintf(r->out, "%s.size = %s;\n", target, size);
    return result(r, address.unread,
                  rp_reads_text(r, "%s(%s.bytes, %s, %s)", rp_reads_helper(memory), target, size,
                                address.text));
}

static const char *put_text(struct rp_reads *r, const struct rp_node *node, const char *target,
                            unsigned capacity, bool is_key) {
    struct rp_code known;
    bool array = node->type->kind == RP_C_ARRAY && node->type->elements == capacity;
    if (node->kind == RP_NODE_STRING) {
        rp_reads_indent(r);
        fprintf(r->out, "__builtin_memcpy(%s, %s, sizeof(%s));\n", target, node->name, node->name);
        return NULL;
    }
    if (rp_reads_known_text(r, &node, &known)) {
        copy(r, target, known.text);
        return known.unread;
    }
    if (rp_node_is_comm(node)) {
        rp_reads_indent(r);
        fprintf(r->out, "bpf_get_current_comm(&%s, sizeof(%s));\n", target, target);
        return NULL;
    }
    if (node->kind == RP_NODE_BYTES)
        return read_bytes(r, node, target, capacity);
    if (array && (!is_key || rp_node_is_in_place(node)))
        return read_array(r, node, target);
    return array ? read_full_array(r, node, target) : read_text(r, node, target, capacity);
}

static const char *put_scalar(struct rp_reads *r, const struct rp_node *node, const char *target) {
    struct rp_code known;
    bool step = rp_reads_is_step(node) && !node->bits && !rp_reads_known(r, node, &known) &&
                !is_shared(r, node);
    if (step) {
        struct rp_code address = rp_reads_place(r, node);
        return result(r, address.unread,
                      rp_reads_text(r, "%s(&%s, sizeof(%s), %s)", rp_reads_helper(node->place),
                                    target, target, address.text));
    }
    struct rp_code code = rp_reads_value(r, node);
    rp_reads_indent(r);
    if (rp_c_is_address(node->type))
        fprintf(r->out, "%s = (void *)%s;\n", target, rp_code_operand(r, &code));
    else
        fprintf(r->out, "%s = %s;\n", target, code.text);
    return code.unread;
}

static const char *put(struct rp_reads *r, const struct rp_node *node, const char *target,
                       unsigned capacity, bool is_key) {
    struct rp_code known;
    while (node->kind == RP_NODE_MOMENT && !rp_reads_known(r, node, &known))
        node = node->a;
    if (node->is_text)
        return put_text(r, node, target, capacity, is_key);
    if (node->type->kind != RP_C_ARRAY)
        return put_scalar(r, node, target);
    if (!rp_reads_known(r, node, &known))
        return read_array(r, node, target);
    copy(r, target, known.text);
    return known.unread;
}

const char *rp_reads_into(struct rp_reads *r, const struct rp_node *node, const char *target,
                          unsigned capacity) {
    return put(r, node, target, capacity, false);
}

const char *rp_reads_key(struct rp_reads *r, const struct rp_node *node, const char *target,
                         unsigned capacity) {
    return put(r, node, target, capacity, true);
}
