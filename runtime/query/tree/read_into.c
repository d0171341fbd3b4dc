/* SPDX-License-Identifier: Apache-2.0 */
/* What is read for: a value on its way into a record, a key or what is kept of a call; a condition;
 * text that is compared. */
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
        size = rp_reads_least(r, node->b, capacity, 1, &address.unread, NULL);
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

/* That there were more bytes than there is room for. */
static void note_more(struct rp_reads *r, const char *count, const char *target,
                      unsigned capacity) {
    rp_reads_indent(r);
    fprintf(r->out, "if ((u64)%s > %u)\n", count, capacity);
    rp_reads_indent(r);
    fprintf(r->out, "    %s_size = %u;\n", target, capacity + 1);
}

static const char *read_bytes(struct rp_reads *r, const struct rp_node *node, const char *target,
                              unsigned capacity) {
    enum rp_memory memory;
    struct rp_code address = rp_reads_text_address(r, node, &memory);
    unsigned all = (unsigned)node->type->elements; /* of an array, where nothing says how many */
    const char *whole = "";
    const char *size = node->b ? rp_reads_least(r, node->b, capacity, 0, &address.unread, &whole)
                               : rp_reads_text(r, "%u", all < capacity ? all : capacity);
    rp_reads_indent(r);
    fprintf(r->out, "__builtin_memset(%s, 0, sizeof(%s));\n", target, target);
    rp_reads_indent(r);
    if (node->b || all <= capacity)
        fprintf(r->out, "%s_size = %s;\n", target, size);
    else
        fprintf(r->out, "%s_size = %u; /* and there are more */\n", target, capacity + 1);
    if (node->b)
        note_more(r, whole, target, capacity);
    return result(
        r, address.unread,
        rp_reads_text(r, "%s(%s, %s, %s)", rp_reads_helper(memory), target, size, address.text));
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
        if (rp_node_is_bytes(node)) {
            rp_reads_indent(r);
            fprintf(r->out, "%s_size = %s_size;\n", target, known.text);
        }
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

/* ------------------------------------------------------------------ conditions
 *
 * True only where that is known. What could not be read makes neither `a` nor `!a` true, and of a
 * condition with && and || as little as these leave open. */

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
    if (!rp_node_may_fail(node->b)) {
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

/* ------------------------------------------------------------------ text that is compared */

/* Of two texts that are compared with one another, in bytes. */
#define BOTH_CAPACITY 64

/* Of two that are compared: what may be longer than the room for it counts as not read. */
static struct rp_seen see_whole(struct rp_reads *r, const struct rp_node *node) {
    const char *goes_on = NULL;
    struct rp_seen seen = rp_reads_see(r, node, BOTH_CAPACITY, &goes_on);
    seen.unread =
        rp_reads_joined(r, seen.unread, goes_on ? rp_reads_text(r, "(%s)", goes_on) : NULL);
    return seen;
}

/* Text ends at its NUL, and bytes where their count says, which may be behind one. */
static const char *is_same(struct rp_reads *r, const struct rp_seen *a, const struct rp_seen *b,
                           unsigned size) {
    if (a->count && b->count) {
        r->uses |= RP_USES_IS_BYTES;
        return rp_reads_text(r, "(%s == %s && is_bytes(%s, %s, %u))", a->count, b->count, a->name,
                             b->name, size);
    }
    if (!a->count && !b->count) {
        r->uses |= RP_USES_IS_SAME;
        return rp_reads_text(r, "is_same(%s, %s, %u)", a->name, b->name, size);
    }
    const struct rp_seen *bytes = a->count ? a : b;
    r->uses |= RP_USES_IS_WHOLE;
    return rp_reads_text(r, "is_whole(%s, %s, %s, %u)", bytes->name, bytes->count,
                         (bytes == a ? b : a)->name, size);
}

static struct rp_code compare_two(struct rp_reads *r, const struct rp_node *node) {
    struct rp_seen a = see_whole(r, node->a), b = see_whole(r, node->b);
    const char *unread = rp_reads_joined(r, a.unread, b.unread);
    bool comm = rp_node_is_comm(node->a) || rp_node_is_comm(node->b);
    const char *text = rp_reads_text(r, "%s%s", node->op == RP_OP_UNEQUAL ? "!" : "",
                                     is_same(r, &a, &b, comm ? 16 : BOTH_CAPACITY));
    return (struct rp_code){text, RP_PRECEDENCE_UNARY, unread};
}

struct rp_code rp_reads_compare(struct rp_reads *r, const struct rp_node *node) {
    const struct rp_node *wanted = node->b;
    if (wanted->kind != RP_NODE_STRING)
        return compare_two(r, node);
    if (rp_compares_pattern(node->op, node->a))
        return rp_reads_match(r, node);
    r->uses |= RP_USES_IS_TEXT;
    bool bytes = rp_node_is_bytes(node->a);
    /* One more than the text that is wanted: else a longer one, cut short, would be the same. */
    struct rp_seen a = rp_reads_see(r, node->a, ((unsigned)wanted->byte_count + 9) & ~7U, NULL);
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
