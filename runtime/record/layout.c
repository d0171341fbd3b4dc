/* SPDX-License-Identifier: Apache-2.0 */
/* Types, from BTF and otherwise, and the columns that a record of a type has. */
#include "record/layout.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "record/view.h"
#include "util/error.h"

/* Widths of columns, in characters. */
#define WIDTH_TEXT_MAX  16
#define WIDTH_NAME_MAX  16
#define WIDTH_ARRAY_MAX 24
#define WIDTH_HEX_MAX   32

struct rp_type *rp_type_new(enum rp_kind kind, uint64_t size) {
    struct rp_type *type = calloc(1, sizeof(*type));
    if (!type)
        return NULL;
    type->kind = kind;
    type->size = size;
    type->align = size == 2 || size == 4 || size == 8 || size == 16 ? (uint32_t)size : 1;
    return type;
}

void rp_type_free(struct rp_type *type) {
    if (!type)
        return;
    for (size_t i = 0; i < type->members.count; i++) {
        free(type->members.items[i].name);
        rp_type_free(type->members.items[i].type);
    }
    for (size_t i = 0; i < type->values.count; i++)
        free(type->values.items[i].name);
    rp_vec_clear(&type->members);
    rp_vec_clear(&type->values);
    rp_type_free(type->element);
    free(type->look_rest);
    free(type);
}

bool rp_type_set_look(struct rp_type *type, const char *text) {
    const char *rest;
    const struct rp_look *look = text ? rp_look_find(text, &rest) : NULL;
    bool number = type->kind == RP_UINT || type->kind == RP_INT;
    bool bytes = (type->kind == RP_ARRAY && type->element->size == 1 &&
                  (type->size == 4 || type->size == 16)) ||
                 (type->kind == RP_BYTES && type->is_number && type->size == 16);
    if (!look ||
        (!number && !(type->kind == RP_WIDE && look->of_sums) && !(bytes && look->of_bytes)))
        return true;
    free(type->look_rest);
    type->look = look;
    type->look_rest = strdup(rest);
    return type->look_rest;
}

struct rp_type *rp_type_array(struct rp_type *element, uint32_t count) {
    if (!element)
        return NULL;
    struct rp_type *array = rp_type_new(element->is_char ? RP_TEXT : RP_ARRAY, 0);
    if (!array) {
        rp_type_free(element);
        return NULL;
    }
    array->size = element->size * count;
    array->align = element->align;
    array->count = count;
    if (element->is_char)
        rp_type_free(element);
    else
        array->element = element;
    return array;
}

bool rp_type_add_member(struct rp_type *type, const char *name, struct rp_type *member,
                        uint64_t bit_offset, unsigned bit_size) {
    const struct rp_member added = {member ? strdup(name) : NULL, member, bit_offset, bit_size};
    if (added.name && rp_vec_push(&type->members, added))
        return true;
    free(added.name);
    rp_type_free(member);
    return false;
}

bool rp_type_add_value(struct rp_type *type, const char *name, uint64_t value) {
    size_t at = type->values.count; /* nearly always: most enums ascend */
    while (at && (int64_t)type->values.items[at - 1].value > (int64_t)value)
        at--;
    if (at && type->values.items[at - 1].value == value)
        return true;
    char *copy = rp_vec_reserve(&type->values, 1) ? strdup(name) : NULL;
    if (!copy)
        return false;
    struct rp_enum_value *values = type->values.items;
    memmove(values + at + 1, values + at, (type->values.count - at) * sizeof(*values));
    values[at] = (struct rp_enum_value){copy, value};
    type->values.count++;
    return true;
}

static bool members_same(const struct rp_member *a, const struct rp_member *b) {
    return strcmp(a->name, b->name) == 0 && a->bit_offset == b->bit_offset &&
           a->bit_size == b->bit_size && rp_type_same(a->type, b->type);
}

bool rp_type_same(const struct rp_type *a, const struct rp_type *b) {
    if (a->kind != b->kind || a->size != b->size || a->count != b->count ||
        a->members.count != b->members.count)
        return false;
    for (size_t i = 0; i < a->members.count; i++)
        if (!members_same(&a->members.items[i], &b->members.items[i]))
            return false;
    return !a->element || !b->element || rp_type_same(a->element, b->element);
}

static int compare_values(const void *a, const void *b) {
    int64_t left = (int64_t)((const struct rp_enum_value *)a)->value;
    int64_t right = (int64_t)((const struct rp_enum_value *)b)->value;
    return (left > right) - (left < right);
}

const char *rp_view_enum_name(const struct rp_view *view) {
    const struct rp_type *type = view->type;
    struct rp_enum_value key = {NULL,
                                type->is_signed ? (uint64_t)rp_view_int(view) : rp_view_uint(view)};
    const struct rp_enum_value *found =
        type->values.count
            ? bsearch(&key, type->values.items, type->values.count, sizeof(key), compare_values)
            : NULL;
    return found && *found->name ? found->name : NULL;
}

static unsigned smaller(uint64_t a, unsigned b) {
    return a < b ? (unsigned)a : b;
}

/* The width of a typical value: a larger one shifts the columns after it. */
static unsigned typical_width(const struct rp_type *type, unsigned bit_size) {
    uint64_t bytes = bit_size ? (bit_size + 7) / 8 : type->size;
    unsigned width = 0;
    switch (type->kind) {
    case RP_UINT:
        return bytes <= 1 ? 3 : bytes <= 2 ? 5 : bytes <= 4 ? 7 : 12;
    case RP_INT:
        return bytes <= 1 ? 4 : bytes <= 2 ? 6 : bytes <= 4 ? 7 : 12;
    case RP_BOOL:
        return 5;
    case RP_FLOAT:
        return 10;
    case RP_WIDE:
        return 12;
    case RP_POINTER:
        return 18;
    case RP_ENUM:
        for (size_t i = 0; i < type->values.count; i++) {
            unsigned length = smaller(strlen(type->values.items[i].name), WIDTH_NAME_MAX);
            width = length > width ? length : width;
        }
        return width;
    case RP_TEXT:
        return smaller(type->count > 1 ? type->count - 1 : 1, WIDTH_TEXT_MAX);
    case RP_BYTES:
        return smaller(type->size * 2, WIDTH_HEX_MAX);
    case RP_ARRAY:
        return smaller((uint64_t)type->count * (typical_width(type->element, 0) + 1) + 1,
                       WIDTH_ARRAY_MAX);
    case RP_STRUCT:
        break;
    }
    return width;
}

/* "OUTER.INNER", malloc()ed; an anonymous struct adds nothing. */
static char *path_under(const char *outer, const char *name) {
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", outer, *outer && *name ? "." : "", name) < 0)
        return NULL;
    return path;
}

static char *in_capitals(const char *text) {
    char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static bool add_columns(struct rp_layout *layout, const struct rp_view *view, const char *path,
                        struct rp_member *of) {
    const struct rp_type *type = view->type;
    for (size_t i = 0; type && type->kind == RP_STRUCT && i < type->members.count; i++) {
        struct rp_member *member = &type->members.items[i];
        if (!*member->name && member->type->kind != RP_STRUCT)
            continue;
        RP_AUTO_FREE char *name = path_under(path, member->name);
        struct rp_view inner = rp_view_member(view, member);
        if (!name || !add_columns(layout, &inner, name, member))
            return false;
    }
    if (type && type->kind == RP_STRUCT)
        return true;
    RP_AUTO_FREE char *copy = strdup(path), *header = in_capitals(path);
    if (!copy || !header || !rp_vec_reserve(&layout->columns, 1))
        return false;
    unsigned width = type ? typical_width(type, view->bit_size) : WIDTH_HEX_MAX;
    if (width < strlen(header))
        width = (unsigned)strlen(header);
    layout->columns.items[layout->columns.count++] =
        (struct rp_column){.header = rp_take(header),
                           .path = rp_take(copy),
                           .member = of,
                           .type = type,
                           .bit_offset = view->bit_offset,
                           .bit_size = view->bit_size,
                           .width = width};
    return true;
}

/* An array without a length can have elements only at the very end. */
static void find_flexible(struct rp_type *type) {
    if (!type || type->kind != RP_STRUCT || !type->members.count)
        return;
    struct rp_member *last = &type->members.items[type->members.count - 1];
    if ((last->type->kind == RP_TEXT || last->type->kind == RP_ARRAY) && !last->type->count &&
        last->bit_offset / 8 + 8 > type->size)
        last->type->to_the_end = true;
}

struct rp_error *rp_layout_new(struct rp_type *type, const char *name, struct rp_layout **out) {
    struct rp_layout *layout = calloc(1, sizeof(*layout));
    if (!layout) {
        rp_type_free(type);
        return rp_error_nomem();
    }
    find_flexible(type);
    layout->type = type;
    layout->name = strdup(name);
    struct rp_view record = {.type = type};
    bool is_struct = type && type->kind == RP_STRUCT;
    if (!layout->name || !add_columns(layout, &record, is_struct ? "" : name, NULL)) {
        rp_layout_free(layout);
        return rp_error_nomem();
    }
    *out = layout;
    return NULL;
}

void rp_layout_free(struct rp_layout *layout) {
    if (!layout)
        return;
    for (size_t i = 0; i < layout->columns.count; i++) {
        free(layout->columns.items[i].header);
        free(layout->columns.items[i].path);
        free(layout->columns.items[i].stacks);
    }
    rp_vec_clear(&layout->columns);
    free(layout->name);
    rp_type_free(layout->type);
    rp_layout_free(layout->next);
    free(layout);
}

void rp_layout_hide(struct rp_layout *layout, size_t i) {
    struct rp_column *column = &layout->columns.items[i];
    ((struct rp_type *)column->type)->is_hidden = true;
    free(column->header);
    free(column->path);
    free(column->stacks);
    layout->columns.count--;
    memmove(column, column + 1, (layout->columns.count - i) * sizeof(*column));
}

void rp_column_take_meaning(struct rp_column *column, enum rp_member_meaning means) {
    if (means == RP_MEMBER_OPEN_TEXT && column->type && column->type->kind == RP_TEXT)
        ((struct rp_type *)column->type)->is_open = true;
}

void rp_layout_hide_marks(struct rp_layout *layout, size_t i, size_t end) {
    const struct rp_column *marks = &layout->columns.items[i];
    for (size_t bit = 0; i + 1 + bit < end && bit < marks->type->size * 8; bit++)
        ((struct rp_type *)layout->columns.items[i + 1 + bit].type)->mark =
            marks->bit_offset + bit + 1;
    rp_layout_hide(layout, i);
}

void rp_layout_hide_absent(struct rp_layout *layout, size_t i) {
    const struct rp_column *absent = &layout->columns.items[i];
    for (size_t bit = 0; i + 1 + bit < layout->columns.count && bit < absent->type->size * 8; bit++)
        ((struct rp_type *)layout->columns.items[i + 1 + bit].type)->absent =
            absent->bit_offset + bit + 1;
    rp_layout_hide(layout, i);
}

void rp_layout_hide_size(struct rp_layout *layout, size_t i) {
    struct rp_column *size = &layout->columns.items[i], *text = size + 1;
    if (i + 1 < layout->columns.count && text->type && text->type->kind == RP_TEXT)
        ((struct rp_type *)text->type)->count_at = size->bit_offset / 8 + 1;
    rp_layout_hide(layout, i);
}

bool rp_layout_set_header(struct rp_layout *layout, size_t i, const char *header) {
    struct rp_column *column = i < layout->columns.count ? &layout->columns.items[i] : NULL;
    for (size_t other = 0; other < layout->columns.count; other++)
        if (other != i && strcmp(layout->columns.items[other].path, header) == 0)
            return true;
    RP_AUTO_FREE char *copy = strdup(header), *path = strdup(header), *name = strdup(header);
    if (!column || !copy || !path || !name)
        return false;
    free(column->header);
    free(column->path);
    column->header = rp_take(copy);
    column->path = rp_take(path);
    if (column->width < strlen(header))
        column->width = (unsigned)strlen(header);
    char **named = column->member ? &column->member->name : &layout->name;
    free(*named);
    *named = rp_take(name);
    return true;
}

/* ------------------------------------------------------------------ types from BTF */

/* Enough for any record; a kernel struct by value can lead to thousands of others. */
#define DEPTH_MAX 16
#define TYPES_MAX 4096
/* As of errors: enumerators are seldom below it. */
#define NEGATIVE_MAX 4095

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
        type->is_number = kind == RP_BYTES;
    }
    return type;
}

/* An enumerator's name is at *name. */
static uint64_t enumerator(const struct rp_type *type, const struct btf_type *t, unsigned i,
                           uint32_t *name) {
    if (btf_is_enum64(t)) {
        *name = btf_enum64(t)[i].name_off;
        return btf_enum64_value(&btf_enum64(t)[i]);
    }
    int32_t number = btf_enum(t)[i].val;
    *name = btf_enum(t)[i].name_off;
    uint64_t value = type->is_signed ? (uint64_t)(int64_t)number : (uint32_t)number;
    return t->size < 4 && !type->is_signed ? value & ((1ULL << (t->size * 8)) - 1) : value;
}

/* What stands in an enum of the prelude's (types.c) besides the names that the source mentions. */
static bool is_filler(const char *name) {
    return !strncmp(name, "__enum", 6) && isdigit((unsigned char)name[6]);
}

/* All names of a kernel's enum, of which the source was given those that it mentions. False: no
 * memory. */
static bool add_kernel_values(struct rp_type *type, const char *name) {
    const struct rp_btf *kernel = rp_kernel_types_or_null();
    uint32_t id = kernel ? rp_btf_find(kernel, name, BTF_KIND_ENUM) : 0;
    if (kernel && !id)
        id = rp_btf_find(kernel, name, BTF_KIND_ENUM64);
    const struct btf_type *t = id ? rp_btf_type(kernel, id) : NULL;
    for (unsigned i = 0; t && t->size == type->size && i < btf_vlen(t); i++) {
        uint32_t at;
        uint64_t value = enumerator(type, t, i, &at);
        if (!rp_type_add_value(type, rp_btf_string(kernel, at), value))
            return false;
    }
    return true;
}

/* Whether its compiler says which enums have a sign: those before LLVM 15 never do, nor have they
 * enums of 64 bits. */
static bool tells_signs(const struct btf *btf) {
    for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (btf_is_enum64(t) || (btf_is_enum(t) && btf_kflag(t)))
            return true;
    }
    return false;
}

/* Whether it can be signed or not. */
static bool is_ambiguous(const struct btf_type *t) {
    for (unsigned i = 0; i < btf_vlen(t); i++)
        if (btf_enum(t)[i].val < 0)
            return true;
    return t->size > sizeof(uint32_t);
}

/* Of 32 bits, small negative numbers are such, larger ones are flags and masks with the highest
 * bit, and -1 can be either. Of fewer bits, no other number looks negative; more are cut. */
static void guess_sign(const struct btf_type *t, struct rp_type *type) {
    bool is_cut = t->size > sizeof(uint32_t);
    for (unsigned i = 0; i < btf_vlen(t) && !is_cut; i++) {
        int32_t value = btf_enum(t)[i].val;
        bool small = value < -1 && value >= -NEGATIVE_MAX;
        type->is_signed |= value < 0 && (small || t->size < sizeof(value));
        type->no_sign |= value == -1;
    }
    type->no_sign = is_cut || (type->no_sign && !type->is_signed);
}

static struct rp_type *build_enum(const struct build *b, const struct btf_type *t) {
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_ENUM, t->size);
    bool of_kernel = false;
    if (!type)
        return NULL;
    type->is_signed = btf_kflag(t);
    if (!type->is_signed && btf_is_enum(t) && is_ambiguous(t) && !tells_signs(b->btf))
        guess_sign(t, type);
    /* Compilers before LLVM 15 cut the values of larger ones, too. */
    bool is_cut = btf_is_enum(t) && t->size > sizeof(uint32_t);
    for (unsigned i = 0; i < btf_vlen(t) && !is_cut; i++) {
        uint32_t at;
        uint64_t value = enumerator(type, t, i, &at);
        const char *name = name_at(b->btf, at);
        of_kernel |= is_filler(name);
        if (!is_filler(name) && !rp_type_add_value(type, name, value))
            return NULL;
    }
    const char *name = name_at(b->btf, t->name_off);
    return of_kernel && *name && !add_kernel_values(type, name) ? NULL : rp_take(type);
}

static enum rp_member_meaning meaning_of(const struct btf *btf, uint32_t id) {
    const struct btf_type *t = btf__type_by_id(btf, id);
    const char *name = btf_is_typedef(t) ? name_at(btf, t->name_off) : "";
    return !strcmp(name, RP_TYPE_UNREAD) ? RP_MEMBER_UNREAD
           : !strcmp(name, RP_TYPE_SIZE) ? RP_MEMBER_SIZE
                                         : RP_MEMBER_PLAIN;
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
    if (member && member->kind == RP_UINT && member->size == 4 && !bits)
        member->tells = meaning_of(b->btf, m->type);
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

/* Of a variable that LLVM has made a bool of: whether it still has its first value, which nobody
 * knows. */
static struct rp_type *shrunk_type(void) {
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_ENUM, 1);
    return type && rp_type_add_value(type, "(its first value)", 0) &&
                   rp_type_add_value(type, "(another value)", 1)
               ? rp_take(type)
               : NULL;
}

static struct rp_type *build_variable(struct build *b, const struct btf_var_secinfo *info,
                                      const struct btf_type *var) {
    return rp_variable_is_shrunk(b->btf, info) ? shrunk_type() : build_type(b, var->type);
}

/* Variables are its members. */
static struct rp_type *build_section(struct build *b, const struct btf_type *t) {
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_STRUCT, t->size);
    for (unsigned i = 0; type && i < btf_vlen(t); i++) {
        const struct btf_var_secinfo *info = &btf_var_secinfos(t)[i];
        const struct btf_type *var = btf__type_by_id(b->btf, info->type);
        if (btf_is_var(var) &&
            !rp_type_add_member(type, name_at(b->btf, var->name_off), build_variable(b, info, var),
                                (uint64_t)info->offset * 8, 0))
            return NULL;
    }
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
    case BTF_KIND_DATASEC:
        return build_section(b, t);
    default:
        return build_struct(b, t);
    }
}

static bool is_data(const struct btf_type *t) {
    return btf_is_int(t) || btf_is_ptr(t) || btf_is_any_enum(t) || btf_is_float(t) ||
           btf_is_array(t) || btf_is_composite(t) || btf_is_datasec(t);
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
    int align = btf_is_datasec(t) ? 1 : btf__align_of(b->btf, id);
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
