/* SPDX-License-Identifier: Apache-2.0 */
/* Values: what has to be read for them, and the C that they are then. */
#include "query/tree/read.h"

#include <stdarg.h>
#include <string.h>

#include "query/tree/operator.h"
#include "query/tree/prelude.h"
#include "query/tree/reads.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ texts */

const char *rp_reads_text(struct rp_reads *r, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const char *text = rp_arena_text_of(&r->types->arena, fmt, args);
    va_end(args);
    r->nomem |= !text;
    return text ? text : "";
}

struct rp_code rp_reads_primary(struct rp_reads *r, const char *text, const char *unread) {
    (void)r;
    return (struct rp_code){text, RP_PRECEDENCE_PRIMARY, unread};
}

const char *rp_code_operand(struct rp_reads *r, const struct rp_code *code) {
    return code->precedence >= RP_PRECEDENCE_UNARY ? code->text
                                                   : rp_reads_text(r, "(%s)", code->text);
}

const char *rp_reads_joined(struct rp_reads *r, const char *a, const char *b) {
    if (!a || !b || !strcmp(a, b))
        return a ? a : b;
    return rp_reads_text(r, "%s | %s", a, b);
}

const char *rp_reads_helper(enum rp_memory memory) {
    switch (memory) {
    case RP_MEMORY_USER:
        return "bpf_probe_read_user";
    case RP_MEMORY_EITHER:
        return "bpf_probe_read";
    default:
        return "bpf_probe_read_kernel";
    }
}

/* ------------------------------------------------------------------ lines and blocks */

void rp_reads_indent(struct rp_reads *r) {
    fprintf(r->out, "%*s", 4 * ((int)r->blocks + 1), "");
}

void rp_reads_open(struct rp_reads *r) {
    rp_reads_indent(r);
    fputs("{\n", r->out);
    r->blocks++;
}

/* ------------------------------------------------------------------ what is known */

struct rp_known {
    struct rp_known *next;
    const char *key;
    struct rp_code code;
    unsigned blocks; /* it is declared in */
};

void rp_reads_close(struct rp_reads *r) {
    r->blocks--;
    rp_reads_indent(r);
    fputs("}\n", r->out);
    while (r->known && r->known->blocks > r->blocks)
        r->known = r->known->next;
}

static void know(struct rp_reads *r, const char *key, struct rp_code code) {
    struct rp_known *known = rp_arena_alloc(&r->types->arena, sizeof(*known));
    const char *copy = rp_arena_copy(&r->types->arena, key, strlen(key));
    if (!known || !copy) {
        r->nomem = true;
        return;
    }
    *known = (struct rp_known){r->known, copy, code, r->blocks};
    r->known = known;
}

void rp_reads_know(struct rp_reads *r, const char *key, const char *text, const char *unread) {
    know(r, key,
         rp_reads_primary(r, rp_reads_text(r, "%s", text),
                          unread ? rp_reads_text(r, "%s", unread) : NULL));
}

static bool find_known(const struct rp_reads *r, const char *key, struct rp_code *out) {
    for (const struct rp_known *known = r->known; known; known = known->next)
        if (!strcmp(known->key, key)) {
            *out = known->code;
            return true;
        }
    return false;
}

bool rp_reads_known(struct rp_reads *r, const struct rp_node *node, struct rp_code *out) {
    bool may_be = node->kind == RP_NODE_MEMBER || node->kind == RP_NODE_INDEX ||
                  node->kind == RP_NODE_MOMENT || node->kind == RP_NODE_VARIABLE;
    RP_AUTO_FREE char *key = may_be ? rp_tree_text(node) : NULL;
    r->nomem |= may_be && !key;
    return key && find_known(r, key, out);
}

bool rp_reads_known_text(struct rp_reads *r, const struct rp_node **node, struct rp_code *out) {
    while ((*node)->kind == RP_NODE_MOMENT && !rp_reads_known(r, *node, out))
        *node = (*node)->a;
    bool is_bytes = (*node)->kind == RP_NODE_MOMENT || (*node)->type->kind == RP_C_ARRAY;
    return is_bytes && rp_reads_known(r, *node, out);
}

/* ------------------------------------------------------------------ names of locals */

static bool is_free(struct rp_reads *r, const char *name) {
    return !r->is_taken || !r->is_taken(r->ctx, name);
}

const char *rp_reads_name(struct rp_reads *r, const char *base) {
    const char *name, *err;
    do {
        name = rp_reads_text(r, "%s_%u", base, ++r->locals);
        err = rp_reads_text(r, "err_%u", r->locals);
    } while (*name && (!is_free(r, name) || !is_free(r, err)));
    return name;
}

/* err_3 and bits_3 stand beside what has that number. */
static const char *name_of(const struct rp_node *node) {
    while (node->kind == RP_NODE_INDEX || node->kind == RP_NODE_CAST)
        node = node->a;
    const char *name = node->kind == RP_NODE_MEMBER     ? node->member.name
                       : node->kind == RP_NODE_VARIABLE ? node->variable->name
                                                        : "value";
    return !strcmp(name, "err") || !strcmp(name, "bits") ? "value" : name;
}

void rp_reads_declare(struct rp_reads *r, const struct rp_c_type *type, const char *name,
                      const char *value) {
    RP_AUTO_FREE char *declared = rp_c_type_declare(type, name);
    r->nomem |= !declared;
    rp_reads_indent(r);
    fprintf(r->out, value ? "%s = %s;\n" : "%s;\n", declared ? declared : "", value);
}

/* ------------------------------------------------------------------ where something is */

/* An address while its offsets are collected: `base`, then what stands in `offsets`, then the
 * members and elements of `type` in `path`. */
struct place {
    const char *base;
    const char *unread;
    const char *offsets;          /* " + 2 * sizeof(struct file)", … */
    const struct rp_c_type *type; /* NULL: no path is begun */
    const char *path;
    uint64_t bytes;  /* what the path comes to */
    bool unnameable; /* C cannot say the path: the bytes stand for it */
    bool is_local;   /* `base` is not an address, but what is there */
};

static struct place place_of(struct rp_reads *r, const struct rp_node *node);

static void close_path(struct rp_reads *r, struct place *place) {
    if (place->type && place->unnameable && place->bytes) {
        place->offsets = rp_reads_text(r, "%s + %ju /* %s */", place->offsets,
                                       (uintmax_t)place->bytes, place->path);
    } else if (place->type && !place->unnameable) {
        RP_AUTO_FREE char *type = rp_c_type_code(place->type);
        r->nomem |= !type;
        place->offsets = rp_reads_text(r, "%s + offsetof(%s, %s)", place->offsets, type ? type : "",
                                       place->path);
    }
    place->type = NULL;
    place->path = "";
    place->bytes = 0;
    place->unnameable = false;
}

/* How many bytes an element has, in C. */
static const char *size_of(struct rp_reads *r, const struct rp_c_type *type) {
    if (!rp_c_is_nameable(r->types, type))
        return rp_reads_text(r, "%ju", (uintmax_t)type->size);
    RP_AUTO_FREE char *text = rp_c_type_code(type);
    r->nomem |= !text;
    return rp_reads_text(r, "sizeof(%s)", text ? text : "");
}

static void add_member(struct rp_reads *r, struct place *place, const struct rp_node *node,
                       const struct rp_c_type *composite) {
    const struct rp_c_member *member = &node->member;
    if (place->is_local) {
        place->base = rp_reads_text(r, "%s.%s", place->base, member->name);
        return;
    }
    bool begins = !place->type;
    if (begins)
        place->type = composite;
    place->unnameable |= (begins && !rp_c_is_nameable(r->types, composite)) ||
                         rp_macro_exists(member->name, strlen(member->name));
    place->path = begins ? member->name : rp_reads_text(r, "%s.%s", place->path, member->name);
    place->bytes += member->bit_offset / 8;
}

/* What no expression is called. */
static const char *limit_of(struct rp_reads *r, const char *name) {
    return rp_reads_text(r, "%s[]", name);
}

void rp_reads_limit(struct rp_reads *r, const char *name, const char *count) {
    rp_reads_know(r, limit_of(r, name), count, NULL);
}

static bool has_limit(struct rp_reads *r, const struct rp_node *node, struct rp_code *limit) {
    return node->kind == RP_NODE_VARIABLE &&
           find_known(r, limit_of(r, node->variable->name), limit);
}

/* An index beyond the end of an array reads what is behind it. */
static void check_bounds(struct rp_reads *r, struct place *place, const struct rp_node *of,
                         const char *index) {
    const struct rp_c_type *array = of->type;
    const char *beyond = NULL;
    struct rp_code limit;
    if (has_limit(r, of, &limit))
        beyond = rp_reads_text(r, "((u64)%s >= %s)", index, limit.text);
    else if (array->kind == RP_C_ARRAY && array->elements > 1)
        beyond = rp_reads_text(r, "((u64)%s >= %ju)", index, (uintmax_t)array->elements);
    place->unread = rp_reads_joined(r, place->unread, beyond);
}

static void add_index(struct rp_reads *r, struct place *place, const struct rp_node *node) {
    const struct rp_node *index = node->b;
    const struct rp_c_type *element = node->type;
    if (index && !index->is_constant) {
        struct rp_code code = rp_reads_value(r, index);
        const char *text = rp_code_operand(r, &code);
        close_path(r, place);
        if (place->is_local)
            place->base = rp_reads_text(r, "(void *)%s", place->base);
        place->is_local = false;
        place->offsets =
            rp_reads_text(r, "%s + %s * %s", place->offsets, text, size_of(r, element));
        place->unread = rp_reads_joined(r, place->unread, code.unread);
        check_bounds(r, place, node->a, text);
        return;
    }
    int64_t value = index ? index->value : 0;
    struct rp_code limit;
    if (has_limit(r, node->a, &limit))
        check_bounds(r, place, node->a, rp_reads_text(r, "%jd", (intmax_t)value));
    if (place->is_local) {
        place->base = rp_reads_text(r, "%s[%jd]", place->base, (intmax_t)value);
    } else if (place->type) {
        place->path = rp_reads_text(r, "%s[%jd]", place->path, (intmax_t)value);
        place->bytes += (uint64_t)value * element->size;
    } else if (value) {
        place->offsets =
            rp_reads_text(r, "%s %c %ju * %s", place->offsets, value < 0 ? '-' : '+',
                          value < 0 ? 0 - (uintmax_t)value : (uintmax_t)value, size_of(r, element));
    }
}

static bool is_trusted(const struct rp_node *node) {
    while (node->kind == RP_NODE_CAST && node->type->size == sizeof(void *))
        node = node->a;
    return node->kind == RP_NODE_VARIABLE && node->variable->trusted &&
           node->type->kind == RP_C_POINTER;
}

/* From an address on: what `node`, an operand of -> or [], comes to. */
static struct place place_at(struct rp_reads *r, const struct rp_node *node, bool computed) {
    while (node->kind == RP_NODE_CAST && rp_c_is_address(node->a->type))
        node = node->a;
    struct rp_code code = computed ? rp_reads_number(r, node) : rp_reads_value(r, node);
    bool is_void = !strncmp(code.text, "(void *)", 8);
    return (struct place){
        .base = rp_reads_text(r, is_void ? "%s" : "(void *)%s", rp_code_operand(r, &code)),
        .unread = code.unread,
        .offsets = "",
        .path = ""};
}

static struct place place_of(struct rp_reads *r, const struct rp_node *node) {
    if (node->kind == RP_NODE_MEMBER) {
        struct place place = node->arrow ? place_at(r, node->a, false) : place_of(r, node->a);
        add_member(r, &place, node,
                   node->arrow ? rp_c_type_to(r->types, node->a->type) : node->a->type);
        return place;
    }
    if (node->kind == RP_NODE_INDEX) {
        bool inside = node->a->type->kind == RP_C_ARRAY && node->a->has_address;
        bool local = inside ? false : rp_node_is_in_place(node);
        bool computed = node->b && !node->b->is_constant;
        struct place place =
            inside || local ? place_of(r, node->a) : place_at(r, node->a, computed);
        add_index(r, &place, node);
        return place;
    }
    struct rp_code code = rp_reads_value(r, node);
    return (struct place){
        .base = code.text, .unread = code.unread, .offsets = "", .path = "", .is_local = true};
}

struct rp_code rp_reads_place(struct rp_reads *r, const struct rp_node *node) {
    struct place place = place_of(r, node);
    close_path(r, &place);
    if (place.is_local)
        return (struct rp_code){place.base, RP_PRECEDENCE_PRIMARY, place.unread};
    return (struct rp_code){rp_reads_text(r, "%s%s", place.base, place.offsets),
                            *place.offsets ? 9 : RP_PRECEDENCE_UNARY, place.unread};
}

/* ------------------------------------------------------------------ reads */

/* "int err_3 = err_2 | bpf_probe_read_kernel(&x_3, sizeof(x_3), ADDRESS);" */
static const char *read_into(struct rp_reads *r, const char *name, const char *size,
                             enum rp_memory memory, const struct rp_code *address) {
    const char *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "int %s = %s%s%s(&%s, %s, %s);\n", err, address->unread ? address->unread : "",
            address->unread ? " | " : "", rp_reads_helper(memory), name, size, address->text);
    return err;
}

static struct rp_code read_scalar(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code address = rp_reads_place(r, node);
    const char *name = rp_reads_name(r, name_of(node));
    rp_reads_declare(r, node->type, name, "0");
    const char *size = rp_reads_text(r, "sizeof(%s)", name);
    return rp_reads_primary(r, name, read_into(r, name, size, node->place, &address));
}

/* The bytes that hold the field, as they are in memory on a little-endian machine; at most 9. */
static struct rp_code read_bits(struct rp_reads *r, const struct rp_node *node) {
    struct place place = place_of(r, node->a);
    if (node->arrow)
        place = place_at(r, node->a, false);
    uint64_t first = node->member.bit_offset / 8;
    unsigned low = node->member.bit_offset % 8, width = node->bits;
    unsigned bytes = (low + width + 7) / 8;
    close_path(r, &place);
    struct rp_code address = {
        rp_reads_text(r, "%s%s + %ju", place.base, place.offsets, (uintmax_t)first), 9,
        place.unread};
    const char *name = rp_reads_name(r, name_of(node));
    const char *word = rp_reads_text(r, "bits_%u", r->locals);
    rp_reads_indent(r);
    fprintf(r->out, "%s %s = 0; /* %u bit%s of it: %s */\n",
            bytes > 8 ? "unsigned __int128" : "u64", word, width, width > 1 ? "s" : "",
            node->member.name);
    const char *err = read_into(r, word, rp_reads_text(r, "%u", bytes), node->place, &address);
    const char *moved = low ? rp_reads_text(r, "%s >> %u", word, low) : word;
    const char *value = moved;
    if (node->type->is_signed)
        value =
            rp_reads_text(r, low ? "(s64)((u64)(%s) << %u) >> %u" : "(s64)((u64)%s << %u) >> %u",
                          moved, 64 - width, 64 - width);
    else if (width < 64)
        value = rp_reads_text(r, "%s & 0x%jx", moved, (uintmax_t)((UINT64_C(1) << width) - 1));
    rp_reads_declare(r, rp_c_promoted(node->type, width), name, value); /* as C calculates */
    return rp_reads_primary(r, name, err);
}

bool rp_reads_is_step(const struct rp_node *node) {
    return node->has_address && !rp_node_is_in_place(node) && node->type->kind != RP_C_ARRAY &&
           node->type->kind != RP_C_COMPOSITE;
}

/* A value of something in memory. */
static struct rp_code read_value(struct rp_reads *r, const struct rp_node *node) {
    if (!rp_reads_is_step(node))
        return rp_reads_place(r, node);
    struct rp_code code = node->bits ? read_bits(r, node) : read_scalar(r, node);
    RP_AUTO_FREE char *key = rp_tree_text(node);
    r->nomem |= !key;
    if (key)
        know(r, key, code);
    return code;
}

struct rp_code rp_reads_number(struct rp_reads *r, const struct rp_node *node) {
    if (!is_trusted(node))
        return rp_reads_value(r, node);
    while (node->kind == RP_NODE_CAST)
        node = node->a;
    struct rp_code code = rp_reads_value(r, node);
    const char *name = rp_reads_name(r, node->variable->name);
    rp_reads_declare(r, &rp_c_unsigned_long, name, "0"); /* of which the verifier knows no type */
    rp_reads_indent(r);
    fprintf(r->out, "bpf_probe_read_kernel(&%s, sizeof(%s), &%s);\n", name, name, code.text);
    return rp_reads_primary(r, name, code.unread);
}

/* ------------------------------------------------------------------ arithmetic */

static bool is_arithmetic(enum rp_op op) {
    return op >= RP_OP_MULTIPLY && op <= RP_OP_SUBTRACT;
}

static unsigned precedence_of(enum rp_op op) {
    static const unsigned precedences[] = {
        [RP_OP_MULTIPLY] = 10, [RP_OP_DIVIDE] = 10,    [RP_OP_REMAINDER] = 10,    [RP_OP_ADD] = 9,
        [RP_OP_SUBTRACT] = 9,  [RP_OP_SHIFT_LEFT] = 8, [RP_OP_SHIFT_RIGHT] = 8,   [RP_OP_LESS] = 7,
        [RP_OP_GREATER] = 7,   [RP_OP_LESS_EQUAL] = 7, [RP_OP_GREATER_EQUAL] = 7, [RP_OP_EQUAL] = 6,
        [RP_OP_UNEQUAL] = 6,   [RP_OP_AND] = 5,        [RP_OP_XOR] = 4,           [RP_OP_OR] = 3,
        [RP_OP_BOTH] = 2,      [RP_OP_ANY] = 1,        [RP_OP_ENDS] = 0,
    };
    return precedences[op];
}

/* In brackets unless anybody sees without what belongs together: a compiler warns about less. */
static const char *operand_of(struct rp_reads *r, const struct rp_code *code, enum rp_op op,
                              bool right) {
    unsigned own = precedence_of(op), its = code->precedence;
    bool plain = (op == RP_OP_BOTH || op == RP_OP_ANY) && (its >= 6 || its == own);
    plain |= own >= 6 && own <= 7 && its >= 9;
    plain |= is_arithmetic(op) && its >= 9 && (its > own || (its == own && !right));
    return plain ? code->text : rp_code_operand(r, code);
}

static struct rp_code join_by(struct rp_reads *r, enum rp_op op, const struct rp_code *a,
                              const struct rp_code *b) {
    return (struct rp_code){rp_reads_text(r, "%s %s %s", operand_of(r, a, op, false),
                                          rp_op_text(op), operand_of(r, b, op, true)),
                            precedence_of(op), rp_reads_joined(r, a->unread, b->unread)};
}

/* BPF divides unsigned numbers only, and by 0 without a word. */
static struct rp_code quotient(struct rp_reads *r, const struct rp_node *node,
                               const struct rp_code *a, const struct rp_code *b) {
    struct rp_code code = join_by(r, node->op, a, b);
    if (!node->b->is_constant)
        code.unread =
            rp_reads_joined(r, code.unread, rp_reads_text(r, "!%s", rp_code_operand(r, b)));
    if (!node->type->is_signed)
        return code;
    r->uses |= RP_USES_QUOTIENT;
    RP_AUTO_FREE char *type = rp_c_type_code(node->type);
    r->nomem |= !type;
    code.text =
        rp_reads_text(r, "(%s)%s(%s, %s)", type ? type : "",
                      node->op == RP_OP_DIVIDE ? "quotient" : "remainder", a->text, b->text);
    code.precedence = RP_PRECEDENCE_UNARY;
    return code;
}

/* p + i, i + p, p - i */
static struct rp_code moved_address(struct rp_reads *r, const struct rp_node *node) {
    bool swapped = !rp_c_is_address(node->a->type);
    const struct rp_node *address = swapped ? node->b : node->a;
    const struct rp_node *number = swapped ? node->a : node->b;
    struct rp_code a =
        number->is_constant ? rp_reads_value(r, address) : rp_reads_number(r, address);
    struct rp_code n = rp_reads_value(r, number);
    const struct rp_c_type *to = rp_c_type_to(r->types, address->type);
    bool bytes = !to || to->size <= 1;
    return (struct rp_code){rp_reads_text(r, "(void *)%s %s %s%s%s", rp_code_operand(r, &a),
                                          rp_op_text(node->op), rp_code_operand(r, &n),
                                          bytes ? "" : " * ", bytes ? "" : size_of(r, to)),
                            9, rp_reads_joined(r, a.unread, n.unread)};
}

static struct rp_code difference(struct rp_reads *r, const struct rp_node *node) {
    const struct rp_c_type *to = rp_c_type_to(r->types, node->a->type);
    struct rp_code a = rp_reads_number(r, node->a), b = rp_reads_number(r, node->b);
    const char *bytes =
        rp_reads_text(r, "(s64)%s - (s64)%s", rp_code_operand(r, &a), rp_code_operand(r, &b));
    const char *unread = rp_reads_joined(r, a.unread, b.unread);
    if (!to || to->size <= 1)
        return (struct rp_code){bytes, 9, unread};
    r->uses |= RP_USES_QUOTIENT;
    return rp_reads_primary(r, rp_reads_text(r, "quotient(%s, %ju)", bytes, (uintmax_t)to->size),
                            unread);
}

/* A shift by as many bits as there are, or more, is anything. */
static struct rp_code shifted(struct rp_reads *r, const struct rp_node *node,
                              const struct rp_code *a, const struct rp_code *b) {
    struct rp_code code = join_by(r, node->op, a, b);
    if (!node->b->is_constant)
        code.unread = rp_reads_joined(r, code.unread,
                                      rp_reads_text(r, "((u64)%s >= %ju)", rp_code_operand(r, b),
                                                    (uintmax_t)node->type->size * 8));
    return code;
}

static struct rp_code binary(struct rp_reads *r, const struct rp_node *node, enum rp_op op) {
    bool adds = node->op == RP_OP_ADD || node->op == RP_OP_SUBTRACT;
    bool address = rp_c_is_address(node->a->type) || rp_c_is_address(node->b->type);
    if (adds && address)
        return rp_c_is_address(node->type) ? moved_address(r, node) : difference(r, node);
    struct rp_code a = rp_reads_number(r, node->a), b = rp_reads_number(r, node->b);
    if (node->op == RP_OP_DIVIDE || node->op == RP_OP_REMAINDER)
        return quotient(r, node, &a, &b);
    if (node->op == RP_OP_SHIFT_LEFT || node->op == RP_OP_SHIFT_RIGHT)
        return shifted(r, node, &a, &b);
    if (address) { /* compared, as numbers: of different types, too */
        a.text = rp_c_is_address(node->a->type)
                     ? rp_reads_text(r, "(u64)%s", rp_code_operand(r, &a))
                     : a.text;
        b.text = rp_c_is_address(node->b->type)
                     ? rp_reads_text(r, "(u64)%s", rp_code_operand(r, &b))
                     : b.text;
    }
    return join_by(r, op, &a, &b);
}

struct rp_code rp_reads_negated(struct rp_reads *r, const struct rp_node *node) {
    static const enum rp_op opposites[] = {
        [RP_OP_LESS] = RP_OP_GREATER_EQUAL, [RP_OP_GREATER] = RP_OP_LESS_EQUAL,
        [RP_OP_LESS_EQUAL] = RP_OP_GREATER, [RP_OP_GREATER_EQUAL] = RP_OP_LESS,
        [RP_OP_EQUAL] = RP_OP_UNEQUAL,      [RP_OP_UNEQUAL] = RP_OP_EQUAL,
    };
    if (node->kind == RP_NODE_BINARY && node->op >= RP_OP_LESS && node->op <= RP_OP_UNEQUAL)
        return binary(r, node, opposites[node->op]);
    struct rp_code code = rp_reads_value(r, node);
    bool twice = *code.text == '!' && code.precedence == RP_PRECEDENCE_UNARY;
    return (struct rp_code){twice ? code.text + 1
                                  : rp_reads_text(r, "!%s", rp_code_operand(r, &code)),
                            RP_PRECEDENCE_UNARY, code.unread};
}

static struct rp_code unary(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code a = rp_reads_number(r, node->a);
    return (struct rp_code){
        rp_reads_text(r, node->a->kind == RP_NODE_UNARY ? "%s(%s)" : "%s%s", rp_op_text(node->op),
                      node->a->kind == RP_NODE_UNARY ? a.text : rp_code_operand(r, &a)),
        RP_PRECEDENCE_UNARY, a.unread};
}

static struct rp_code cast(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code a = rp_c_is_integer(node->type) && node->type->size < 8
                           ? rp_reads_number(r, node->a)
                           : rp_reads_value(r, node->a);
    RP_AUTO_FREE char *type = rp_c_type_code(node->type);
    r->nomem |= !type;
    /* Between numbers and addresses there are only those of the same size. */
    bool narrows = rp_c_is_address(node->a->type) && node->type->size < 8;
    bool widens =
        rp_c_is_integer(node->a->type) && node->a->type->size < 8 && rp_c_is_address(node->type);
    return (struct rp_code){rp_reads_text(r, "(%s)%s%s", type ? type : "",
                                          narrows  ? "(u64)"
                                          : widens ? "(s64)"
                                                   : "",
                                          rp_code_operand(r, &a)),
                            RP_PRECEDENCE_UNARY, a.unread};
}

/* ------------------------------------------------------------------ what is read only if needed */

void rp_reads_if(struct rp_reads *r, const char *text) {
    rp_reads_indent(r);
    fprintf(r->out, "if (%s) {\n", text);
    r->blocks++;
}

/* "value_3 = x;", and whether that could be read. */
static void set(struct rp_reads *r, const char *name, const char *err, const struct rp_code *code,
                bool is_truth) {
    rp_reads_indent(r);
    fprintf(r->out, is_truth ? "%s = !!%s;\n" : "%s = %s;\n", name,
            is_truth ? rp_code_operand(r, code) : code->text);
    if (!code->unread)
        return;
    rp_reads_indent(r);
    fprintf(r->out, "%s = %s;\n", err, code->unread);
}

/* Declares what the value will be in. */
static const char *begin_choice(struct rp_reads *r, const struct rp_c_type *type,
                                const char *unread, const char **err) {
    const char *name = rp_reads_name(r, "value");
    *err = rp_reads_text(r, "err_%u", r->locals);
    rp_reads_declare(r, type, name, "0");
    rp_reads_declare(r, &rp_c_int, *err, unread ? unread : "0");
    return name;
}

static struct rp_code choice(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code a = rp_reads_value(r, node->a);
    if (!rp_node_may_fail(node->b) && !rp_node_may_fail(node->c)) {
        struct rp_code b = rp_reads_value(r, node->b), c = rp_reads_value(r, node->c);
        const char *unread = rp_reads_joined(r, a.unread, rp_reads_joined(r, b.unread, c.unread));
        return (struct rp_code){rp_reads_text(r, "%s ? %s : %s", rp_code_operand(r, &a),
                                              rp_code_operand(r, &b), rp_code_operand(r, &c)),
                                RP_PRECEDENCE_CONDITION, unread};
    }
    const char *err, *name = begin_choice(r, node->type, a.unread, &err);
    const char *test = rp_code_operand(r, &a);
    rp_reads_if(r, a.unread ? rp_reads_text(r, "!%s && %s", err, test) : test);
    struct rp_code b = rp_reads_value(r, node->b);
    set(r, name, err, &b, false);
    rp_reads_close(r);
    rp_reads_if(r, a.unread ? rp_reads_text(r, "!%s && !%s", err, test)
                            : rp_reads_text(r, "!%s", test));
    struct rp_code c = rp_reads_value(r, node->c);
    set(r, name, err, &c, false);
    rp_reads_close(r);
    return rp_reads_primary(r, name, err);
}

/* a && b, a || b as a number: the second only counts where the first does not decide. */
static struct rp_code joined_truth(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code a = rp_reads_value(r, node->a);
    if (!rp_node_may_fail(node->b)) {
        struct rp_code b = rp_reads_value(r, node->b);
        return join_by(r, node->op, &a, &b);
    }
    const char *err, *name = begin_choice(r, &rp_c_int, a.unread, &err);
    set(r, name, err, &(struct rp_code){a.text, a.precedence, NULL}, true);
    const char *goes_on = rp_reads_text(r, node->op == RP_OP_BOTH ? "%s" : "!%s", name);
    rp_reads_if(r, a.unread ? rp_reads_text(r, "!%s && %s", err, goes_on) : goes_on);
    struct rp_code b = rp_reads_value(r, node->b);
    set(r, name, err, &b, true);
    rp_reads_close(r);
    return rp_reads_primary(r, name, err);
}

/* ------------------------------------------------------------------ any value */

static struct rp_code helper(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code a = {"", 0, NULL};
    if (node->a)
        a = rp_reads_value(r, node->a);
    if (rp_node_is_user_address(node))
        r->uses |= RP_USES_USER_ADDRESS;
    if (rp_node_is_syscall(node))
        r->uses |= RP_USES_SYSCALL;
    RP_AUTO_FREE char *type = rp_c_is_address(node->type) ? rp_c_type_code(node->type) : NULL;
    return (struct rp_code){type ? rp_reads_text(r, "(%s)%s(%s)", type, node->name, a.text)
                                 : rp_reads_text(r, "%s(%s)", node->name, a.text),
                            type ? RP_PRECEDENCE_UNARY : RP_PRECEDENCE_PRIMARY, a.unread};
}

static struct rp_code address_operator(struct rp_reads *r, const struct rp_node *node) {
    RP_AUTO_FREE char *type =
        rp_c_is_nameable(r->types, node->type) ? rp_c_type_code(node->type) : NULL;
    struct rp_code code = rp_reads_place(r, node->a);
    return (struct rp_code){
        rp_reads_text(r, "(%s)%s", type ? type : "void *", rp_code_operand(r, &code)),
        RP_PRECEDENCE_UNARY, code.unread};
}

struct rp_code rp_reads_value(struct rp_reads *r, const struct rp_node *node) {
    struct rp_code known;
    if (rp_reads_known(r, node, &known))
        return known;
    switch (node->kind) {
    case RP_NODE_NUMBER:
    case RP_NODE_STRING:
        return rp_reads_primary(r, node->name, NULL);
    case RP_NODE_VARIABLE:
        return rp_reads_primary(r, node->variable->name, node->variable->unread);
    case RP_NODE_MEMBER:
    case RP_NODE_INDEX:
        return read_value(r, node);
    case RP_NODE_ADDRESS:
        return address_operator(r, node);
    case RP_NODE_UNARY:
        return unary(r, node);
    case RP_NODE_BINARY:
        return node->op == RP_OP_BOTH || node->op == RP_OP_ANY ? joined_truth(r, node)
                                                               : binary(r, node, node->op);
    case RP_NODE_CONDITION:
        return choice(r, node);
    case RP_NODE_CAST:
        return cast(r, node);
    case RP_NODE_COMPARE:
        return r->compare(r, node);
    case RP_NODE_HELPER:
        return helper(r, node);
    case RP_NODE_TEXT:
    case RP_NODE_BYTES:
    case RP_NODE_MOMENT:
        return rp_reads_value(r, node->a);
    }
    return rp_reads_primary(r, "0", NULL);
}
