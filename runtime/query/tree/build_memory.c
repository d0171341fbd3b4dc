/* SPDX-License-Identifier: Apache-2.0 */
/* Members, elements and addresses: what is where, and in whose memory. */
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/prelude.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

static struct rp_error *check_value(const struct rp_parser *p, const struct rp_node *node) {
    if (node->type->kind == RP_C_FLOAT)
        return rp_parse_error_at(p, node, "BPF has no floating point");
    return NULL;
}

/* What a pointer that was read from there leads to. */
static enum rp_memory beyond(struct rp_c_types *types, enum rp_memory from,
                             const struct rp_c_type *type) {
    bool is_there = type->kind == RP_C_ARRAY || type->kind == RP_C_COMPOSITE; /* itself */
    if (from == RP_MEMORY_COPY)
        return is_there ? from : RP_MEMORY_USER;
    if (from == RP_MEMORY_USER || (type->kind == RP_C_POINTER && type->of_user))
        return RP_MEMORY_USER;
    if (is_there)
        return from;
    const struct rp_c_type *to = type->kind == RP_C_POINTER ? rp_c_type_to(types, type) : NULL;
    return to && rp_c_is_kernel_struct(types, to) ? RP_MEMORY_KERNEL : RP_MEMORY_EITHER;
}

/* From which memory what an address leads to is read. */
static enum rp_memory memory_at(struct rp_c_types *types, const struct rp_node *address) {
    const struct rp_c_type *to = rp_c_type_to(types, address->type);
    return address->memory == RP_MEMORY_EITHER && to && rp_c_is_kernel_struct(types, to)
               ? RP_MEMORY_KERNEL
               : address->memory;
}

/* `node` is at an address: a member or an element of what `from` is in. */
static struct rp_error *placed(const struct rp_parser *p, struct rp_node *node, enum rp_memory from,
                               bool in_memory, const struct rp_node **out) {
    if (!node->type)
        return rp_error_nomem();
    node->has_address = true;
    node->place = in_memory ? from : RP_MEMORY_LOCAL;
    node->reads_memory |= in_memory;
    node->memory = beyond(p->scope->types, from, node->type);
    node->is_text = rp_node_reads_as_text(p, node);
    RP_TRY(check_value(p, node));
    return rp_node_done(node, out);
}

static void add_near(void *ctx, const char *name) {
    rp_nearest_add(ctx, name);
}

static struct rp_error *no_member(const struct rp_parser *p, const struct rp_c_type *composite,
                                  const struct rp_token *name, bool is_ambiguous) {
    RP_AUTO_FREE char *type = rp_c_type_text(composite);
    RP_AUTO_FREE char *wanted = strndup(name->text, name->len);
    bool of_program = composite->btf && composite->btf->of_program;
    if (!type || !wanted)
        return rp_error_nomem();
    if (!rp_c_is_complete(composite))
        return rp_parse_error(p, name->text, "%s does not tell what is in %s",
                              of_program ? "the debug information" : "this kernel", type);
    if (is_ambiguous)
        return rp_parse_error(p, name->text, "several bases of %s have a member `%s`", type,
                              wanted);
    struct rp_nearest nearest = {.wanted = wanted};
    rp_c_members_each(p->scope->types, composite, add_near, &nearest);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err = rp_parse_error(p, name->text, "%s has no member `%s`", type, wanted);
    return near ? rp_error_hint_set(err, of_program ? "%s has %s" : "%s of this kernel has %s",
                                    type, near)
                : err;
}

/* The struct that a member is wanted of. */
static struct rp_error *composite_of(const struct rp_parser *p, const struct rp_node *a, bool arrow,
                                     const struct rp_token *name, const struct rp_c_type **out) {
    bool address = a->type->kind == RP_C_POINTER || a->type->kind == RP_C_ARRAY;
    *out = arrow && address ? rp_c_type_to(p->scope->types, a->type) : a->type;
    RP_AUTO_FREE char *type = rp_c_type_text(a->type);
    if (!*out || !type)
        return rp_error_nomem();
    if (!arrow && address)
        return rp_error_hint_set(rp_parse_error(p, name->text, "`%.*s` is a pointer (%s)",
                                                (int)a->length, a->text, type),
                                 "%.*s->%.*s", (int)a->length, a->text, (int)name->len, name->text);
    if (arrow && !address && a->type->kind == RP_C_COMPOSITE)
        return rp_error_hint_set(rp_parse_error(p, name->text, "`%.*s` is not a pointer, but %s",
                                                (int)a->length, a->text, type),
                                 "%.*s.%.*s", (int)a->length, a->text, (int)name->len, name->text);
    if ((*out)->kind == RP_C_COMPOSITE)
        return NULL;
    return rp_error_hint_set(rp_parse_error(p, name->text, "`%.*s` is %s, which has no members",
                                            (int)a->length, a->text, type),
                             "say what it is: ((struct NAME *)%.*s)->%.*s", (int)a->length, a->text,
                             (int)name->len, name->text);
}

bool rp_node_is_in_place(const struct rp_node *node) {
    switch (node->kind) {
    case RP_NODE_VARIABLE:
        return node->variable->in_place;
    case RP_NODE_MEMBER:
        return !node->arrow && rp_node_is_in_place(node->a);
    case RP_NODE_INDEX:
        return node->a->type->kind == RP_C_ARRAY && (!node->b || node->b->is_constant) &&
               rp_node_is_in_place(node->a);
    default:
        return false;
    }
}

static struct rp_error *build_one_member(const struct rp_parser *p, const struct rp_node *a,
                                         bool arrow, const struct rp_token *name, const char *end,
                                         const struct rp_node **out) {
    const struct rp_c_type *composite;
    struct rp_c_member member;
    RP_TRY(composite_of(p, a, arrow, name, &composite));
    if (!rp_c_member_find(p->scope->types, composite, name->text, name->len, &member))
        return no_member(p, composite, name, member.is_ambiguous);
    struct rp_node *node = rp_node_of(p, RP_NODE_MEMBER, a->text, end, a, NULL, NULL);
    if (!node)
        return rp_error_nomem();
    node->member = member;
    node->type = member.type;
    node->bits = member.bits;
    node->arrow = arrow;
    enum rp_memory from = arrow ? memory_at(p->scope->types, a) : a->memory;
    return placed(p, node, from, !rp_node_is_in_place(node), out);
}

struct rp_error *rp_build_path(const struct rp_parser *p, const struct rp_node *a, bool arrow,
                               const char *path, const char *end, const struct rp_node **out) {
    for (*out = a; *path; path += strspn(path, ".")) {
        struct rp_token part = {.kind = RP_TOKEN_IDENT, .text = path, .len = strcspn(path, ".")};
        RP_TRY(build_one_member(p, *out, arrow, &part, end, out));
        arrow = false;
        path += part.len;
    }
    return NULL;
}

/* A macro may stand for a path of members; a member of that very name comes first. */
struct rp_error *rp_build_member(const struct rp_parser *p, const struct rp_node *a, bool arrow,
                                 const struct rp_token *name, const struct rp_node **out) {
    const char *end = name->text + name->len;
    struct rp_error *err = build_one_member(p, a, arrow, name, end, out);
    const char *path =
        err ? rp_macro_members(&p->scope->types->arena, name->text, name->len) : NULL;
    if (!path)
        return err;
    struct rp_error *deeper = rp_build_path(p, a, arrow, path, end, out);
    if (deeper) {
        rp_error_free(deeper);
        return err;
    }
    rp_error_free(err);
    return NULL;
}

static bool is_slice(const struct rp_c_type *type) {
    return type->kind == RP_C_COMPOSITE && type->btf && type->btf->of_program &&
           rp_starts_with(rp_btf_name(type->btf, rp_btf_type(type->btf, type->plain)), "[]");
}

/* What is wrong with a[b], where `to` is what `a` leads to. */
static struct rp_error *check_index(const struct rp_parser *p, const struct rp_node *a,
                                    const struct rp_node *b, const char *from,
                                    const struct rp_c_type *to) {
    RP_AUTO_FREE char *type = rp_c_type_text(a->type);
    int length = (int)a->length;
    if (!type)
        return rp_error_nomem();
    if (!to) {
        struct rp_error *err =
            rp_parse_error(p, from, "`%.*s` is %s, and not an address", length, a->text, type);
        return is_slice(a->type)
                   ? rp_error_hint_set(err,
                                       "a slice of Go has its elements in %.*s.array, and their "
                                       "number in %.*s.len",
                                       length, a->text, length, a->text)
                   : rp_error_hint_set(err, "say what is there: *(int *)%.*s", length, a->text);
    }
    if (a->kind == RP_NODE_STRING)
        return rp_parse_error_at(p, a, "a text in quotes can only be compared");
    if (to->kind == RP_C_FUNCTION)
        return rp_parse_error(p, from, "`%.*s` leads to a function", length, a->text);
    if (!to->size && to->kind != RP_C_COMPOSITE && to->kind != RP_C_ARRAY)
        return rp_error_hint_set(rp_parse_error(p, from, "`%.*s` is %s: nothing says what is there",
                                                length, a->text, type),
                                 "say it: *(int *)%.*s", length, a->text);
    if (b && !rp_c_is_integer(b->type))
        return rp_parse_error_at(p, b, "an index is a number");
    if (b && !to->size)
        return rp_parse_error(p, from, "the size of what `%.*s` leads to is not known", length,
                              a->text);
    if (b && b->is_constant && a->type->kind == RP_C_ARRAY && a->type->elements > 1 &&
        (uint64_t)b->value >= a->type->elements)
        return rp_parse_error_at(p, b, "`%.*s` has %ju elements, from 0 on", length, a->text,
                                 (uintmax_t)a->type->elements);
    return NULL;
}

/* "text"[2] */
static struct rp_error *character_of(const struct rp_parser *p, const struct rp_node *a,
                                     uint64_t index, const char *from, const char *to,
                                     const struct rp_node **out) {
    struct rp_token whole = {.text = from, .len = (size_t)(to - from)};
    char c = index < a->byte_count ? a->bytes[index] : '\0';
    const char *name = rp_arena_text(&p->scope->types->arena, "%d", c);
    return name ? rp_build_constant(p, &whole, &rp_c_char, c, name, out) : rp_error_nomem();
}

struct rp_error *rp_build_index(const struct rp_parser *p, const struct rp_node *a,
                                const struct rp_node *b, const char *from, const char *to,
                                const struct rp_node **out) {
    if (b && rp_c_is_integer(a->type) && rp_c_is_address(b->type)) { /* C's own joke */
        const struct rp_node *swapped = a;
        a = b;
        b = swapped;
    }
    if (a->kind == RP_NODE_STRING && b && b->is_constant && (uint64_t)b->value <= a->byte_count)
        return character_of(p, a, (uint64_t)b->value, from, to, out);
    bool address = a->type->kind == RP_C_POINTER || a->type->kind == RP_C_ARRAY;
    const struct rp_c_type *type = address ? rp_c_type_to(p->scope->types, a->type) : NULL;
    if (address && !type)
        return rp_error_nomem();
    RP_TRY(check_index(p, a, b, from, type));
    struct rp_node *node = rp_node_of(p, RP_NODE_INDEX, from, to, a, b, NULL);
    if (!node)
        return rp_error_nomem();
    node->type = type;
    return placed(p, node, memory_at(p->scope->types, a), !rp_node_is_in_place(node), out);
}

struct rp_error *rp_build_address(const struct rp_parser *p, const struct rp_node *a,
                                  const char *from, const struct rp_node **out) {
    if (a->bits)
        return rp_parse_error(p, from, "a bit field has no address");
    if (!a->has_address || !a->reads_memory)
        return rp_parse_error(p, from, "`%.*s` is not in memory: it has no address", (int)a->length,
                              a->text);
    struct rp_node *node = rp_node_of(p, RP_NODE_ADDRESS, from, rp_node_end(a), a, NULL, NULL);
    if (!node)
        return rp_error_nomem();
    node->type = rp_c_pointer_to(p->scope->types, a->type);
    node->memory = a->place;
    return rp_node_done(node, out);
}
