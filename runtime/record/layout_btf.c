/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts from BTF: exact offsets, bit fields, names of enums. */
#include <bpf/btf.h>
#include <string.h>

#include "record/layout.h"
#include "util/error.h"

/* Enough for any record; a kernel struct by value can lead to thousands of others. */
#define DEPTH_MAX 16
#define TYPES_MAX 4096

struct build {
    const struct btf *btf;
    unsigned depth, types;
};

static struct rp_type *build_type(struct build *b, uint32_t id);

/* Skips typedefs and qualifiers. `named` becomes true if there was a typedef. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t id, bool *named) {
    const struct btf_type *t = btf__type_by_id(btf, id);
    for (unsigned i = 0; t && i < 64 && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
        *named |= btf_is_typedef(t);
        t = btf__type_by_id(btf, t->type);
    }
    return t;
}

static const char *name_at(const struct btf *btf, uint32_t offset) {
    const char *name = btf__name_by_offset(btf, offset);
    return name ? name : "";
}

static struct rp_type *build_int(const struct build *b, const struct btf_type *t, bool named) {
    const char *name = name_at(b->btf, t->name_off);
    bool is_char = !strcmp(name, "char");
    enum rp_kind kind = RP_UINT;
    if (t->size > 8)
        kind = RP_BYTES;
    else if (btf_int_encoding(t) & BTF_INT_BOOL)
        kind = RP_BOOL;
    else if (is_char)
        kind = RP_TEXT;
    else if (btf_int_encoding(t) & BTF_INT_SIGNED)
        kind = RP_INT;
    struct rp_type *type = rp_type_new(kind, t->size);
    if (type) {
        /* s8 and the like are typedefs of signed char: arrays of these are numbers. */
        type->is_char = is_char || (!strcmp(name, "signed char") && !named);
        type->count = is_char;
    }
    return type;
}

static struct rp_type *build_enum(const struct build *b, const struct btf_type *t) {
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_ENUM, t->size);
    if (!type)
        return NULL;
    type->is_signed = btf_kflag(t);
    /* Compilers before LLVM 15 never set the flag. */
    for (unsigned i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
        type->is_signed |= btf_enum(t)[i].val < 0;
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        uint32_t name;
        uint64_t value;
        if (btf_is_enum(t)) {
            int32_t number = btf_enum(t)[i].val;
            name = btf_enum(t)[i].name_off;
            value = type->is_signed ? (uint64_t)(int64_t)number : (uint32_t)number;
        } else {
            name = btf_enum64(t)[i].name_off;
            value = btf_enum64_value(&btf_enum64(t)[i]);
        }
        if (t->size < 4 && !type->is_signed)
            value &= (1ULL << (t->size * 8)) - 1;
        if (!rp_type_add_value(type, name_at(b->btf, name), value))
            return NULL;
    }
    return rp_take(type);
}

static bool build_member(struct build *b, const struct btf_type *t, unsigned i,
                         struct rp_type *type) {
    const struct btf_member *m = &btf_members(t)[i];
    uint32_t offset = btf_member_bit_offset(t, i);
    unsigned bits = btf_member_bitfield_size(t, i);
    bool named = false;
    const struct btf_type *inner = resolve(b->btf, m->type, &named);
    /* Before kind_flag (Linux 5.0) a bit field was an integer of fewer bits than its size. */
    if (!bits && inner && btf_is_int(inner) &&
        (btf_int_offset(inner) || btf_int_bits(inner) != inner->size * 8)) {
        bits = btf_int_bits(inner);
        offset += btf_int_offset(inner);
    }
    struct rp_type *member = build_type(b, m->type);
    if (member && bits && member->kind == RP_TEXT)
        member->kind = RP_INT;
    return rp_type_add_member(type, name_at(b->btf, m->name_off), member, offset,
                              bits <= 64 ? bits : 0);
}

static struct rp_type *build_struct(struct build *b, const struct btf_type *t) {
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_STRUCT, t->size);
    for (unsigned i = 0; type && i < btf_vlen(t); i++)
        if (!build_member(b, t, i, type))
            return NULL;
    return rp_take(type);
}

static struct rp_type *build_kind(struct build *b, const struct btf_type *t, bool named) {
    switch (btf_kind(t)) {
    case BTF_KIND_INT:
        return build_int(b, t, named);
    case BTF_KIND_PTR:
        return rp_type_new(RP_POINTER, btf__pointer_size(b->btf) == 4 ? 4 : 8);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return build_enum(b, t);
    case BTF_KIND_FLOAT:
        return rp_type_new(t->size == 4 || t->size == 8 ? RP_FLOAT : RP_BYTES, t->size);
    case BTF_KIND_ARRAY:
        return rp_type_array(build_type(b, btf_array(t)->type), btf_array(t)->nelems);
    default:
        return build_struct(b, t);
    }
}

static bool is_data(const struct btf_type *t) {
    return btf_is_int(t) || btf_is_ptr(t) || btf_is_any_enum(t) || btf_is_float(t) ||
           btf_is_array(t) || btf_is_composite(t);
}

/* NULL: out of memory. */
static struct rp_type *build_type(struct build *b, uint32_t id) {
    bool named = false;
    const struct btf_type *t = resolve(b->btf, id, &named);
    int64_t size = t && is_data(t) ? btf__resolve_size(b->btf, id) : 0;
    if (size < 0 || size > RP_TYPE_SIZE_MAX)
        size = 0;
    bool simple = !t || !is_data(t) || b->depth >= DEPTH_MAX || ++b->types > TYPES_MAX ||
                  (!size && !btf_is_array(t) && !btf_is_composite(t)) ||
                  (btf_is_any_enum(t) && size > 8);
    if (simple)
        return rp_type_new(RP_BYTES, (uint64_t)size);
    b->depth++;
    struct rp_type *type = build_kind(b, t, named);
    b->depth--;
    int align = btf__align_of(b->btf, id);
    if (type) {
        type->align = align > 0 ? (uint32_t)align : 1;
        type->size = (uint64_t)size;
    }
    return type;
}

struct rp_error *rp_type_from_btf(const struct btf *btf, uint32_t id, struct rp_type **out) {
    struct build b = {.btf = btf};
    *out = build_type(&b, id);
    return *out ? NULL : rp_error_nomem();
}

struct rp_error *rp_layout_from_btf(const struct btf *btf, uint32_t type_id,
                                    struct rp_layout **out) {
    struct rp_type *type;
    RP_TRY(rp_type_from_btf(btf, type_id, &type));
    return rp_layout_new(type, "value", out);
}
