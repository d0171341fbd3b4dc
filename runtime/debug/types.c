/* SPDX-License-Identifier: Apache-2.0 */
/* A file may say anything: what is read here is bounded in number and depth, no name reaches a
 * program's C as it is, and what makes no sense becomes void, or a struct that is only declared. */
#include "debug/types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "debug/integers.h"
#include "debug/strings.h"
#include "util/array.h"
#include "util/cleanup.h"

#define TYPES_MAX   20000
#define MEMBERS_MAX 16384
#define DEPTH_MAX   32
#define NAME_LENGTH 256

/* In place of an id: the type is being made. Only pointers and their like are made one within the
 * other, and such a chain leads back to itself in no program. */
#define IN_PROGRESS UINT32_MAX

/* ------------------------------------------------------------------ names */

static bool is_plain(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

char *rp_debug_identifier(const char *text) {
    char *name = strndup(text ? text : "", NAME_LENGTH);
    for (char *c = name; c && *c; c++)
        if (!is_plain(*c))
            *c = '_';
    if (name && isdigit((unsigned char)*name))
        *name = '_';
    return name;
}

/* Of types, which may be "vector<int, std::allocator<int> >" or "&str"; never the end of a
 * comment. */
static char *type_name(Dwarf_Die *die) {
    const char *text = rp_dw.dwarf_diename(die);
    char *name = strndup(text ? text : "", NAME_LENGTH);
    for (char *c = name; c && *c; c++)
        if (!isprint((unsigned char)*c) || *c == '/' || *c == '\\' || *c == '"')
            *c = '_';
    return name;
}

/* ------------------------------------------------------------------ what is known */

static size_t slot_of(const struct rp_debug_types *t, const void *die) {
    size_t mask = t->known_capacity - 1;
    size_t at = ((uintptr_t)die * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & mask;
    while (t->known[at].die && t->known[at].die != die)
        at = (at + 1) & mask;
    return at;
}

static bool grow(struct rp_debug_types *t) {
    if (t->known_count * 2 < t->known_capacity)
        return true;
    struct rp_debug_types larger = {.known_capacity =
                                        t->known_capacity ? t->known_capacity * 2 : 256};
    larger.known = calloc(larger.known_capacity, sizeof(*larger.known));
    if (!larger.known)
        return false;
    for (size_t i = 0; i < t->known_capacity; i++)
        if (t->known[i].die)
            larger.known[slot_of(&larger, t->known[i].die)] = t->known[i];
    free(t->known);
    t->known = larger.known;
    t->known_capacity = larger.known_capacity;
    return true;
}

static uint32_t find_known(const struct rp_debug_types *t, const Dwarf_Die *die) {
    return t->known_capacity ? t->known[slot_of(t, die->addr)].id : 0;
}

static void know(struct rp_debug_types *t, const Dwarf_Die *die, uint32_t id) {
    if (!grow(t)) {
        t->out.nomem = true;
        return;
    }
    size_t at = slot_of(t, die->addr);
    t->known_count += !t->known[at].die;
    t->known[at].die = die->addr;
    t->known[at].id = id;
}

/* ------------------------------------------------------------------ numbers */

/* C's own name for a number of that kind: what stands in a program is this. */
static const char *integer_name(unsigned encoding, uint64_t size, const char *name) {
    bool has_sign = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
    if (encoding == DW_ATE_boolean)
        return size == 1 ? "_Bool" : rp_debug_integer(size, false);
    if (size == 1 && !strcmp(name, "char"))
        return "char";
    if (size == 8 && strstr(name, "long long"))
        return has_sign ? "long long int" : "long long unsigned int";
    return rp_debug_integer(size, has_sign);
}

static uint32_t add_integer(struct rp_debug_types *t, const char *name, unsigned encoding,
                            uint64_t size) {
    bool has_sign = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
    uint32_t id = rp_btf_writer_add(&t->out, name, BTF_KIND_INT, 0, false, (uint32_t)size);
    uint32_t bits = !strcmp(name, "_Bool") ? BTF_INT_BOOL : has_sign ? BTF_INT_SIGNED : 0;
    rp_btf_writer_more(&t->out, id, bits << 24 | (uint32_t)size * 8);
    return id;
}

static uint32_t add_array(struct rp_debug_types *t, uint32_t of, uint64_t count) {
    uint32_t index = add_integer(t, "unsigned int", DW_ATE_unsigned, 4);
    uint32_t id = rp_btf_writer_add(&t->out, "", BTF_KIND_ARRAY, 0, false, 0);
    rp_btf_writer_more(&t->out, id, of);
    rp_btf_writer_more(&t->out, id, index);
    rp_btf_writer_more(&t->out, id, count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
    return id;
}

/* So many bytes of which nothing is known. */
static uint32_t add_bytes(struct rp_debug_types *t, uint64_t size) {
    return add_array(t, add_integer(t, "unsigned char", DW_ATE_unsigned, 1), size);
}

/* A struct of two numbers. */
static uint32_t add_pair(struct rp_debug_types *t, const char *name, uint32_t of, uint64_t size,
                         const char *first, const char *second) {
    const char *const members[] = {first, second};
    uint32_t id = rp_btf_writer_reserve(&t->out);
    for (uint32_t i = 0; i < RP_COUNT(members); i++) {
        rp_btf_writer_more(&t->out, id, rp_btf_writer_string(&t->out, members[i]));
        rp_btf_writer_more(&t->out, id, of);
        rp_btf_writer_more(&t->out, id, i * (uint32_t)size * 8);
    }
    rp_btf_writer_set(&t->out, id, name, BTF_KIND_STRUCT, RP_COUNT(members), true,
                      (uint32_t)size * 2);
    return id;
}

/* A name of the language's own, or of C++'s that C has by a typedef, for a number of C's. */
static uint32_t named(struct rp_debug_types *t, const char *name, const char *own, uint32_t id) {
    bool is_c = !strcmp(name, own) || rp_debug_is_integer(name) || !strcmp(name, "bool");
    return is_c || !*name ? id : rp_btf_writer_add(&t->out, name, BTF_KIND_TYPEDEF, 0, false, id);
}

static uint32_t add_float(struct rp_debug_types *t, const char *name, uint64_t size) {
    if (size != 2 && size != 4 && size != 8 && size != 16)
        return add_bytes(t, size);
    const char *own = size == 4                      ? "float"
                      : size == 8                    ? "double"
                      : !strcmp(name, "long double") ? "long double"
                      : size == 16                   ? "_Float128"
                                                     : "_Float16";
    return rp_btf_writer_add(&t->out, own, BTF_KIND_FLOAT, 0, false, (uint32_t)size);
}

/* Two numbers of floating point. */
static uint32_t add_complex(struct rp_debug_types *t, uint64_t size) {
    uint32_t of = add_float(t, size == 32 ? "long double" : "", size / 2);
    return add_array(t, of, 2);
}

/* Of whole numbers, an extension of gcc's, which are passed as a struct of them. gcc has no name
 * for most of them. */
static uint32_t add_complex_integer(struct rp_debug_types *t, const char *name, uint64_t size) {
    bool has_sign = !strstr(name, "unsigned");
    const char *own = rp_debug_integer(size / 2, has_sign);
    if (!own)
        return add_bytes(t, size);
    uint32_t of = add_integer(t, own, has_sign ? DW_ATE_signed : DW_ATE_unsigned, size / 2);
    return add_pair(t, "complex", of, size / 2, "real", "imag");
}

static uint32_t add_base(struct rp_debug_types *t, Dwarf_Die *die) {
    RP_AUTO_FREE char *name = type_name(die);
    unsigned encoding = (unsigned)rp_dw_number(die, DW_AT_encoding, 0);
    uint64_t size = rp_dw_number(die, DW_AT_byte_size, 0);
    const char *text = name ? name : "";
    if (!size || size > 64)
        return 0;
    if (encoding == DW_ATE_float)
        return add_float(t, text, size);
    if (encoding == DW_ATE_complex_float)
        return add_complex(t, size);
    if (encoding == DW_ATE_lo_user)
        return add_complex_integer(t, text, size);
    const char *own = integer_name(encoding, size, text);
    if (!own || encoding == DW_ATE_decimal_float)
        return add_bytes(t, size);
    return named(t, text, own, add_integer(t, own, encoding, size));
}

/* ------------------------------------------------------------------ pointers, arrays, functions */

static uint32_t add_wrapper(struct rp_debug_types *t, Dwarf_Die *die, unsigned kind,
                            const char *name) {
    uint32_t to = rp_debug_type_of(t, die);
    return rp_btf_writer_add(&t->out, name, kind, 0, false, to);
}

/* One of a function is a struct of two words (Itanium C++ ABI, 2.3), and passed as one. */
static uint32_t add_member_pointer(struct rp_debug_types *t, Dwarf_Die *die) {
    Dwarf_Die to;
    uint32_t word = add_integer(t, "long int", DW_ATE_signed, 8);
    bool function =
        rp_dw_refers(die, DW_AT_type, &to) && rp_dw.dwarf_tag(&to) == DW_TAG_subroutine_type;
    return function ? add_pair(t, "member", word, 8, "ptr", "adj") : word;
}

/* How many elements a dimension has; 0: nobody knows. */
static uint64_t dimension(Dwarf_Die *range) {
    uint64_t count = rp_dw_number(range, DW_AT_count, UINT64_MAX);
    if (count != UINT64_MAX)
        return count;
    uint64_t last = rp_dw_number(range, DW_AT_upper_bound, UINT64_MAX);
    uint64_t first = rp_dw_number(range, DW_AT_lower_bound, 0);
    return last == UINT64_MAX || last < first ? 0 : last - first + 1;
}

static uint32_t add_dimensions(struct rp_debug_types *t, Dwarf_Die *range, uint32_t of,
                               unsigned depth) {
    Dwarf_Die next = *range;
    bool is_range = rp_dw.dwarf_tag(range) == DW_TAG_subrange_type;
    if (depth < DEPTH_MAX && rp_dw_next(&next))
        of = add_dimensions(t, &next, of, depth + 1);
    return is_range ? add_array(t, of, dimension(range)) : of;
}

static uint32_t add_array_type(struct rp_debug_types *t, Dwarf_Die *die) {
    Dwarf_Die range;
    uint32_t of = rp_debug_type_of(t, die);
    if (!of)
        return 0;
    return rp_dw_first(die, &range) ? add_dimensions(t, &range, of, 0) : add_array(t, of, 0);
}

static uint32_t add_function(struct rp_debug_types *t, Dwarf_Die *die) {
    uint32_t id = rp_btf_writer_reserve(&t->out);
    Dwarf_Die child;
    unsigned count = 0;
    uint32_t result = rp_debug_type_of(t, die);
    for (bool any = rp_dw_first(die, &child); any && count < 64; any = rp_dw_next(&child)) {
        if (rp_dw.dwarf_tag(&child) != DW_TAG_formal_parameter)
            continue;
        uint32_t type = rp_debug_type_of(t, &child);
        rp_btf_writer_more(&t->out, id, 0);
        rp_btf_writer_more(&t->out, id, type);
        count++;
    }
    rp_btf_writer_set(&t->out, id, "", BTF_KIND_FUNC_PROTO, count, false, result);
    return id;
}

/* ------------------------------------------------------------------ structs and enums: later */

static uint32_t add_later(struct rp_debug_types *t, Dwarf_Die *die) {
    uint32_t id = rp_btf_writer_reserve(&t->out);
    struct rp_debug_pending pending = {*die, id};
    know(t, die, id);
    t->out.nomem |= !rp_vec_push(&t->pending, pending);
    return id;
}

/* In bits from the beginning; false: not beforehand (virtual bases, static members). */
static bool place_of_member(Dwarf_Die *member, bool is_union, uint64_t size, uint64_t bits,
                            uint64_t *at) {
    Dwarf_Attribute memory;
    Dwarf_Attribute *attr = rp_dw.dwarf_attr(member, DW_AT_data_bit_offset, &memory);
    Dwarf_Word value;
    Dwarf_Op *ops;
    size_t count;
    if (attr)
        return !rp_dw.dwarf_formudata(attr, at);
    attr = rp_dw.dwarf_attr(member, DW_AT_data_member_location, &memory);
    *at = 0;
    if (!attr && !is_union)
        return false;
    if (attr && !rp_dw.dwarf_formudata(attr, &value))
        *at = value * 8;
    else if (attr && !rp_dw.dwarf_getlocation(attr, &ops, &count) && count == 1 &&
             ops[0].atom == DW_OP_plus_uconst)
        *at = ops[0].number * 8;
    else if (attr)
        return false;
    /* Before DWARF 4: from the other end of a number of `size` bytes. */
    uint64_t from_end = rp_dw_number(member, DW_AT_bit_offset, UINT64_MAX);
    if (bits && from_end != UINT64_MAX)
        *at += size * 8 - from_end - bits;
    return true;
}

static uint64_t size_of(Dwarf_Die *die) {
    Dwarf_Die type;
    uint64_t size = rp_dw_number(die, DW_AT_byte_size, 0);
    if (!size && rp_debug_plain_type(die, &type))
        size = rp_dw_number(&type, DW_AT_byte_size, 0);
    return size;
}

/* "_vptr.Shape" of C++'s, and whatever a file says. */
static uint32_t member_name(struct rp_debug_types *t, Dwarf_Die *member) {
    const char *text = rp_dw.dwarf_diename(member);
    RP_AUTO_FREE char *name = rp_debug_identifier(text);
    bool inherited = rp_dw.dwarf_tag(member) == DW_TAG_inheritance;
    return name && !inherited ? rp_btf_writer_string(&t->out, name) : 0;
}

static bool add_member(struct rp_debug_types *t, const struct rp_debug_pending *p, Dwarf_Die *m,
                       bool is_union, uint64_t end) {
    uint64_t bits = rp_dw_number(m, DW_AT_bit_size, 0), at;
    unsigned tag = (unsigned)rp_dw.dwarf_tag(m);
    if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || rp_dw_flag(m, DW_AT_external) ||
        !place_of_member(m, is_union, size_of(m), bits, &at) || at >= 1U << 24 || at > end ||
        bits > 64)
        return false;
    uint32_t type = rp_debug_type_of(t, m);
    if (!type)
        return false;
    rp_btf_writer_more(&t->out, p->id, member_name(t, m));
    rp_btf_writer_more(&t->out, p->id, type);
    rp_btf_writer_more(&t->out, p->id, (uint32_t)bits << 24 | (uint32_t)at);
    return true;
}

static void write_composite(struct rp_debug_types *t, struct rp_debug_pending *p) {
    RP_AUTO_FREE char *name = type_name(&p->die);
    bool is_union = rp_dw.dwarf_tag(&p->die) == DW_TAG_union_type;
    uint64_t size = rp_dw_number(&p->die, DW_AT_byte_size, UINT64_MAX);
    bool is_declared = rp_dw_flag(&p->die, DW_AT_declaration);
    if (is_declared && name && rp_debug_write_string(&t->out, p->id, &p->die, name))
        return;
    if (is_declared || size > UINT32_MAX || !name) {
        rp_btf_writer_set(&t->out, p->id, name ? name : "", BTF_KIND_FWD, 0, is_union, 0);
        return;
    }
    unsigned count = 0;
    Dwarf_Die child;
    for (bool any = rp_dw_first(&p->die, &child); any && count < MEMBERS_MAX;
         any = rp_dw_next(&child))
        count += add_member(t, p, &child, is_union, size * 8);
    rp_btf_writer_set(&t->out, p->id, name, is_union ? BTF_KIND_UNION : BTF_KIND_STRUCT, count,
                      true, (uint32_t)size);
}

/* Compilers write a number with a sign where it is below 0, and others as they are. */
static int64_t enumerator_value(Dwarf_Die *die) {
    Dwarf_Attribute memory;
    Dwarf_Attribute *attr = rp_dw.dwarf_attr(die, DW_AT_const_value, &memory);
    Dwarf_Sword value = 0;
    Dwarf_Word whole = 0;
    if (!attr)
        return 0;
    if (rp_dw.dwarf_whatform(attr) == DW_FORM_sdata ||
        rp_dw.dwarf_whatform(attr) == DW_FORM_implicit_const)
        rp_dw.dwarf_formsdata(attr, &value);
    else if (!rp_dw.dwarf_formudata(attr, &whole))
        value = (int64_t)whole;
    return value;
}

/* By what it says of its numbers itself, or of their type; otherwise those that are below 0 tell.
 */
static bool is_signed_enum(Dwarf_Die *die, bool any_negative) {
    Dwarf_Attribute memory;
    Dwarf_Die at = *die;
    for (int i = 0; i < 16; i++) { /* through names of types */
        uint64_t encoding = rp_dw_number(&at, DW_AT_encoding, 0);
        if (encoding)
            return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
        if (!rp_dw.dwarf_attr(&at, DW_AT_type, &memory) || !rp_dw.dwarf_formref_die(&memory, &at))
            break;
    }
    return any_negative;
}

static void write_enum(struct rp_debug_types *t, struct rp_debug_pending *p) {
    RP_AUTO_FREE char *name = type_name(&p->die);
    uint64_t size = size_of(&p->die);
    bool large = size > 4, negative = false;
    unsigned count = 0;
    Dwarf_Die child;
    if (!size || size > 8 || !name) {
        rp_btf_writer_set(&t->out, p->id, "unsigned int", BTF_KIND_INT, 0, false, 4);
        rp_btf_writer_more(&t->out, p->id, 32);
        return;
    }
    for (bool any = rp_dw_first(&p->die, &child); any && count < MEMBERS_MAX;
         any = rp_dw_next(&child)) {
        if (rp_dw.dwarf_tag(&child) != DW_TAG_enumerator)
            continue;
        RP_AUTO_FREE char *one = rp_debug_identifier(rp_dw.dwarf_diename(&child));
        int64_t value = enumerator_value(&child);
        negative |= value < 0;
        rp_btf_writer_more(&t->out, p->id, rp_btf_writer_string(&t->out, one ? one : ""));
        rp_btf_writer_more(&t->out, p->id, (uint32_t)value);
        if (large)
            rp_btf_writer_more(&t->out, p->id, (uint32_t)((uint64_t)value >> 32));
        count++;
    }
    rp_btf_writer_set(&t->out, p->id, name, large ? BTF_KIND_ENUM64 : BTF_KIND_ENUM, count,
                      is_signed_enum(&p->die, negative), (uint32_t)size);
}

static void write_pending(struct rp_debug_types *t) {
    for (size_t i = 0; i < t->pending.count; i++) {
        struct rp_debug_pending one = t->pending.items[i];
        if (rp_dw.dwarf_tag(&one.die) == DW_TAG_enumeration_type)
            write_enum(t, &one);
        else
            write_composite(t, &one);
    }
    t->pending.count = 0;
}

/* ------------------------------------------------------------------ any type */

static uint32_t add_typedef(struct rp_debug_types *t, Dwarf_Die *die) {
    RP_AUTO_FREE char *name = type_name(die);
    return name && *name ? add_wrapper(t, die, BTF_KIND_TYPEDEF, name) : rp_debug_type_of(t, die);
}

/* What is too much is only declared. */
static uint32_t add_fwd(struct rp_debug_types *t, Dwarf_Die *die) {
    RP_AUTO_FREE char *name = type_name(die);
    bool is_union = rp_dw.dwarf_tag(die) == DW_TAG_union_type;
    return rp_btf_writer_add(&t->out, name ? name : "", BTF_KIND_FWD, 0, is_union, 0);
}

static uint32_t add_composite(struct rp_debug_types *t, Dwarf_Die *die) {
    Dwarf_Die whole;
    if (rp_dw_refers(die, DW_AT_signature, &whole))
        return rp_debug_type(t, &whole);
    return t->out.records.count < TYPES_MAX ? add_later(t, die) : add_fwd(t, die);
}

static uint32_t add_type(struct rp_debug_types *t, Dwarf_Die *die) {
    switch (rp_dw.dwarf_tag(die)) {
    case DW_TAG_base_type:
        return add_base(t, die);
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
        return add_wrapper(t, die, BTF_KIND_PTR, "");
    case DW_TAG_unspecified_type: /* of C++, that of nullptr */
        return rp_btf_writer_add(&t->out, "", BTF_KIND_PTR, 0, false, 0);
    case DW_TAG_ptr_to_member_type:
        return add_member_pointer(t, die);
    case DW_TAG_const_type:
        return add_wrapper(t, die, BTF_KIND_CONST, "");
    case DW_TAG_volatile_type:
        return add_wrapper(t, die, BTF_KIND_VOLATILE, "");
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
        return rp_debug_type_of(t, die);
    case DW_TAG_typedef:
    case DW_TAG_template_alias:
        return add_typedef(t, die);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        return add_composite(t, die);
    case DW_TAG_enumeration_type:
        return add_later(t, die);
    case DW_TAG_array_type:
        return add_array_type(t, die);
    case DW_TAG_subroutine_type:
        return add_function(t, die);
    default:
        return 0;
    }
}

uint32_t rp_debug_type(struct rp_debug_types *t, Dwarf_Die *die) {
    uint32_t id = find_known(t, die);
    if (id)
        return id == IN_PROGRESS ? 0 : id;
    if (t->depth >= DEPTH_MAX || t->out.records.count >= 4 * TYPES_MAX)
        return 0;
    know(t, die, IN_PROGRESS);
    t->depth++;
    id = add_type(t, die);
    t->depth--;
    know(t, die, id);
    return id;
}

uint32_t rp_debug_type_of(struct rp_debug_types *t, Dwarf_Die *die) {
    Dwarf_Die type;
    return rp_dw_refers(die, DW_AT_type, &type) ? rp_debug_type(t, &type) : 0;
}

bool rp_debug_plain_type(Dwarf_Die *die, Dwarf_Die *out) {
    Dwarf_Die type = *die;
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        if (!rp_dw_refers(&type, DW_AT_type, out))
            return false;
        switch (rp_dw.dwarf_tag(out)) {
        case DW_TAG_typedef:
        case DW_TAG_const_type:
        case DW_TAG_volatile_type:
        case DW_TAG_restrict_type:
        case DW_TAG_atomic_type:
        case DW_TAG_template_alias:
            type = *out;
            continue;
        default:
            break;
        }
        Dwarf_Die whole;
        if (rp_dw_refers(out, DW_AT_signature, &whole))
            *out = whole;
        return true;
    }
    return false;
}

struct rp_btf *rp_debug_types_end(struct rp_debug_types *t) {
    write_pending(t);
    struct rp_btf *btf = rp_btf_writer_end(&t->out);
    if (btf)
        btf->of_program = true;
    return btf;
}

void rp_debug_types_clear(struct rp_debug_types *t) {
    rp_btf_writer_clear(&t->out);
    rp_vec_clear(&t->pending);
    free(t->known);
    *t = (struct rp_debug_types){0};
}
