/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/keep_maps.h"

#include <bpf/btf.h>
#include <string.h>

#define MAX_DEPTH 16 /* of structs in structs; real C has fewer levels */

struct types {
    const struct btf *btf;
    uint32_t id;
};

static bool alike(struct types a, struct types b, unsigned depth);

static const struct btf_type *type_of(const struct types *types) {
    return btf__type_by_id(types->btf, types->id);
}

static const char *name_of(const struct types *types, uint32_t offset) {
    return btf__name_by_offset(types->btf, offset);
}

static bool same_name(const struct types *a, uint32_t a_offset, const struct types *b,
                      uint32_t b_offset) {
    return strcmp(name_of(a, a_offset), name_of(b, b_offset)) == 0;
}

/* Names matter: values stored as `pid` must not be shown as `cpu`. */
static bool members_alike(struct types a, struct types b, unsigned depth) {
    const struct btf_type *a_type = type_of(&a), *b_type = type_of(&b);
    for (uint32_t i = 0; i < btf_vlen(a_type); i++) {
        const struct btf_member *am = &btf_members(a_type)[i], *bm = &btf_members(b_type)[i];
        if (am->offset != bm->offset || !same_name(&a, am->name_off, &b, bm->name_off) ||
            !alike((struct types){a.btf, am->type}, (struct types){b.btf, bm->type}, depth + 1))
            return false;
    }
    return true;
}

/* A number that is READ before an edit and OPEN after it counts two things. */
static bool enumerators_alike(struct types a, struct types b) {
    const struct btf_type *a_type = type_of(&a), *b_type = type_of(&b);
    for (uint32_t i = 0; i < btf_vlen(a_type); i++) {
        const struct btf_enum *ae = &btf_enum(a_type)[i], *be = &btf_enum(b_type)[i];
        if (ae->val != be->val || !same_name(&a, ae->name_off, &b, be->name_off))
            return false;
    }
    return true;
}

static bool wide_enumerators_alike(struct types a, struct types b) {
    const struct btf_type *a_type = type_of(&a), *b_type = type_of(&b);
    for (uint32_t i = 0; i < btf_vlen(a_type); i++) {
        const struct btf_enum64 *ae = &btf_enum64(a_type)[i], *be = &btf_enum64(b_type)[i];
        if (btf_enum64_value(ae) != btf_enum64_value(be) ||
            !same_name(&a, ae->name_off, &b, be->name_off))
            return false;
    }
    return true;
}

/* Variables, each where it was. */
static bool sections_alike(struct types a, struct types b, unsigned depth) {
    const struct btf_type *a_type = type_of(&a), *b_type = type_of(&b);
    for (uint32_t i = 0; i < btf_vlen(a_type); i++) {
        const struct btf_var_secinfo *av = &btf_var_secinfos(a_type)[i],
                                     *bv = &btf_var_secinfos(b_type)[i];
        if (av->offset != bv->offset ||
            !alike((struct types){a.btf, av->type}, (struct types){b.btf, bv->type}, depth + 1))
            return false;
    }
    return true;
}

static bool arrays_alike(struct types a, struct types b, unsigned depth) {
    const struct btf_array *aa = btf_array(type_of(&a)), *ba = btf_array(type_of(&b));
    return aa->nelems == ba->nelems &&
           alike((struct types){a.btf, aa->type}, (struct types){b.btf, ba->type}, depth + 1);
}

static struct types plain(struct types types) {
    for (unsigned depth = 0; depth < MAX_DEPTH && types.id; depth++) {
        const struct btf_type *type = type_of(&types);
        if (!type || !(btf_is_typedef(type) || btf_is_mod(type)))
            break;
        types.id = type->type;
    }
    return types;
}

static bool same_shape(const struct btf_type *a, const struct btf_type *b) {
    return a->size == b->size && btf_vlen(a) == btf_vlen(b) && btf_kflag(a) == btf_kflag(b);
}

static bool alike(struct types a, struct types b, unsigned depth) {
    a = plain(a);
    b = plain(b);
    const struct btf_type *a_type = type_of(&a), *b_type = type_of(&b);
    if (!a_type || !b_type || depth > MAX_DEPTH || btf_kind(a_type) != btf_kind(b_type) ||
        !same_name(&a, a_type->name_off, &b, b_type->name_off))
        return false;
    switch (btf_kind(a_type)) {
    case BTF_KIND_PTR: /* an address, whatever it points to */
        return true;
    case BTF_KIND_ARRAY:
        return arrays_alike(a, b, depth);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return same_shape(a_type, b_type) && members_alike(a, b, depth);
    case BTF_KIND_DATASEC:
        return same_shape(a_type, b_type) && sections_alike(a, b, depth);
    case BTF_KIND_VAR:
        return alike((struct types){a.btf, a_type->type}, (struct types){b.btf, b_type->type},
                     depth + 1);
    case BTF_KIND_ENUM:
        return same_shape(a_type, b_type) && enumerators_alike(a, b);
    case BTF_KIND_ENUM64:
        return same_shape(a_type, b_type) && wide_enumerators_alike(a, b);
    case BTF_KIND_INT:
        return a_type->size == b_type->size && btf_int_encoding(a_type) == btf_int_encoding(b_type);
    default:
        return a_type->size == b_type->size;
    }
}

bool rp_types_alike(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id) {
    if (!a || !b || !a_id || !b_id)
        return !a_id == !b_id;
    return alike((struct types){a, a_id}, (struct types){b, b_id}, 0);
}

static bool fields_alike(const struct rp_object_map *a, const struct rp_object_map *b) {
    bool alike = a->field_count == b->field_count;
    for (size_t i = 0; alike && i < a->field_count; i++)
        alike = strcmp(a->fields[i], b->fields[i]) == 0;
    return alike;
}

/* What variables begin as: that is what a text that says another value wants. */
static bool beginnings_alike(const struct rp_object_map *a, const struct rp_object_map *b) {
    return a->data && b->data ? memcmp(a->data, b->data, a->value_size) == 0 : a->data == b->data;
}

static bool map_types_alike(const struct rp_object_map *a, const struct btf *a_types,
                            const struct rp_object_map *b, const struct btf *b_types) {
    uint32_t a_key, a_value, b_key, b_value;
    rp_map_type_ids(a, a_types, &a_key, &a_value);
    rp_map_type_ids(b, b_types, &b_key, &b_value);
    return rp_types_alike(a_types, a_key, b_types, b_key) &&
           rp_types_alike(a_types, a_value, b_types, b_value);
}

bool rp_maps_alike(const struct rp_object_map *a, const struct btf *a_types,
                   const struct rp_object_map *b, const struct btf *b_types) {
    if (!fields_alike(a, b))
        return false;
    return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
           a->max_entries == b->max_entries && a->flags == b->flags &&
           map_types_alike(a, a_types, b, b_types) && beginnings_alike(a, b);
}
