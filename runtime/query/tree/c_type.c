/* SPDX-License-Identifier: Apache-2.0 */
/* C's types out of BTF, each made when it is asked for. */
#include "query/tree/c_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Structs in structs without a name; BTF of hostile files could go on for ever. */
#define DEPTH_MAX 16

void rp_c_types_clear(struct rp_c_types *types) {
    rp_btf_free(types->modules);
    rp_btf_free(types->own);
    rp_arena_clear(&types->arena);
    *types = (struct rp_c_types){0};
}

void rp_c_types_add_program(struct rp_c_types *types, const struct rp_btf *btf) {
    for (unsigned i = 0; i < types->program_count; i++)
        if (types->programs[i] == btf)
            return;
    if (btf && types->program_count < RP_C_PROGRAMS_MAX)
        types->programs[types->program_count++] = btf;
}

/* ------------------------------------------------------------------ C's own */

enum { RANK_BOOL = 1, RANK_CHAR, RANK_SHORT, RANK_INT, RANK_LONG, RANK_LONG_LONG, RANK_INT128 };

#define INTEGER(text, bytes, sign, ranked)                                                         \
    { .kind = RP_C_INT, .size = (bytes), .is_signed = (sign), .rank = (ranked), .name = (text) }
const struct rp_c_type rp_c_int = INTEGER("int", 4, true, RANK_INT);
const struct rp_c_type rp_c_unsigned = INTEGER("unsigned int", 4, false, RANK_INT);
const struct rp_c_type rp_c_long = INTEGER("long", 8, true, RANK_LONG);
const struct rp_c_type rp_c_unsigned_long = INTEGER("unsigned long", 8, false, RANK_LONG);
const struct rp_c_type rp_c_long_long = INTEGER("long long", 8, true, RANK_LONG_LONG);
const struct rp_c_type rp_c_unsigned_long_long =
    INTEGER("unsigned long long", 8, false, RANK_LONG_LONG);
/* Signed, as the compiler for BPF has it. */
const struct rp_c_type rp_c_char = {.kind = RP_C_INT,
                                    .size = 1,
                                    .is_signed = true,
                                    .is_char = true,
                                    .is_plain_char = true,
                                    .rank = RANK_CHAR,
                                    .name = "char"};
const struct rp_c_type rp_c_void = {.kind = RP_C_VOID, .name = "void"};
const struct rp_c_type rp_c_bool = {
    .kind = RP_C_BOOL, .size = 1, .rank = RANK_BOOL, .name = "bool"};
static const struct rp_c_type c_schar = {.kind = RP_C_INT,
                                         .size = 1,
                                         .is_signed = true,
                                         .is_char = true,
                                         .rank = RANK_CHAR,
                                         .name = "signed char"};
static const struct rp_c_type c_uchar = {
    .kind = RP_C_INT, .size = 1, .is_char = true, .rank = RANK_CHAR, .name = "unsigned char"};
static const struct rp_c_type c_short = INTEGER("short", 2, true, RANK_SHORT);
static const struct rp_c_type c_ushort = INTEGER("unsigned short", 2, false, RANK_SHORT);
static const struct rp_c_type c_int128 = INTEGER("__int128", 16, true, RANK_INT128);
static const struct rp_c_type c_uint128 = INTEGER("unsigned __int128", 16, false, RANK_INT128);
static const struct rp_c_type c_float = {.kind = RP_C_FLOAT, .size = 4, .name = "float"};
static const struct rp_c_type c_double = {.kind = RP_C_FLOAT, .size = 8, .name = "double"};
static const struct rp_c_type c_long_double = {
    .kind = RP_C_FLOAT, .size = 16, .name = "long double"};
static const struct rp_c_type c_s8 = INTEGER("s8", 1, true, RANK_CHAR);
static const struct rp_c_type c_u8 = INTEGER("u8", 1, false, RANK_CHAR);
static const struct rp_c_type c_s16 = INTEGER("s16", 2, true, RANK_SHORT);
static const struct rp_c_type c_u16 = INTEGER("u16", 2, false, RANK_SHORT);
static const struct rp_c_type c_s32 = INTEGER("s32", 4, true, RANK_INT);
static const struct rp_c_type c_u32 = INTEGER("u32", 4, false, RANK_INT);
static const struct rp_c_type c_s64 = INTEGER("s64", 8, true, RANK_LONG_LONG);
static const struct rp_c_type c_u64 = INTEGER("u64", 8, false, RANK_LONG_LONG);
static const struct rp_c_type c_size_t = INTEGER("size_t", 8, false, RANK_LONG);
static const struct rp_c_type c_ssize_t = INTEGER("ssize_t", 8, true, RANK_LONG);
static const struct rp_c_type c_pid_t = INTEGER("pid_t", 4, true, RANK_INT);
static const struct rp_c_type c_uid_t = INTEGER("uid_t", 4, false, RANK_INT);

static const struct {
    const char *name;
    const struct rp_c_type *type;
} basic[] = {
    {"int", &rp_c_int},
    {"unsigned int", &rp_c_unsigned},
    {"long", &rp_c_long},
    {"unsigned long", &rp_c_unsigned_long},
    {"long long", &rp_c_long_long},
    {"unsigned long long", &rp_c_unsigned_long_long},
    {"char", &rp_c_char},
    {"signed char", &c_schar},
    {"unsigned char", &c_uchar},
    {"short", &c_short},
    {"unsigned short", &c_ushort},
    {"void", &rp_c_void},
    {"bool", &rp_c_bool},
    {"_Bool", &rp_c_bool},
    {"__int128", &c_int128},
    {"unsigned __int128", &c_uint128},
    {"float", &c_float},
    {"double", &c_double},
    {"long double", &c_long_double},
    /* of prelude/base.h */
    {"s8", &c_s8},
    {"u8", &c_u8},
    {"s16", &c_s16},
    {"u16", &c_u16},
    {"s32", &c_s32},
    {"u32", &c_u32},
    {"s64", &c_s64},
    {"u64", &c_u64},
    {"__s8", &c_s8},
    {"__u8", &c_u8},
    {"__s16", &c_s16},
    {"__u16", &c_u16},
    {"__s32", &c_s32},
    {"__u32", &c_u32},
    {"__s64", &c_s64},
    {"__u64", &c_u64},
    {"int8_t", &c_s8},
    {"uint8_t", &c_u8},
    {"int16_t", &c_s16},
    {"uint16_t", &c_u16},
    {"int32_t", &c_s32},
    {"uint32_t", &c_u32},
    {"int64_t", &c_s64},
    {"uint64_t", &c_u64},
    {"size_t", &c_size_t},
    {"ssize_t", &c_ssize_t},
    {"uintptr_t", &rp_c_unsigned_long},
    {"intptr_t", &rp_c_long},
    {"pid_t", &c_pid_t},
    {"uid_t", &c_uid_t},
    {"gid_t", &c_uid_t},
};

const struct rp_c_type *rp_c_type_basic(const char *name) {
    for (size_t i = 0; i < RP_COUNT(basic); i++)
        if (!strcmp(name, basic[i].name))
            return basic[i].type;
    return NULL;
}

/* ------------------------------------------------------------------ BTF -> C */

/* BTF has the compiler's names for C's own. */
static uint8_t rank_of(const char *name, unsigned size) {
    if (size == 8)
        return strstr(name, "long long") ? RANK_LONG_LONG : RANK_LONG;
    return size == 16 ? RANK_INT128 : size == 4 ? RANK_INT : size == 2 ? RANK_SHORT : RANK_CHAR;
}

static void set_integer(struct rp_c_type *type, const struct btf_type *t, const char *name) {
    uint8_t encoding = btf_int_encoding(t);
    type->kind = encoding & BTF_INT_BOOL ? RP_C_BOOL : RP_C_INT;
    type->rank = encoding & BTF_INT_BOOL ? RANK_BOOL : rank_of(name, t->size);
    type->is_plain_char = !strcmp(name, "char");
    type->is_signed = type->is_plain_char || encoding & BTF_INT_SIGNED;
}

/* char, signed char and unsigned char by these names: u8 and its like are numbers. */
static bool is_char(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, rp_btf_skip_modifiers(btf, id));
    const char *name = rp_btf_name(btf, t);
    return btf_is_int(t) && t->size == 1 &&
           (!strcmp(name, "char") || !strcmp(name, "unsigned char") ||
            !strcmp(name, "signed char"));
}

static uint32_t find_in(const struct rp_btf *btf, const char *name, unsigned kind) {
    uint32_t id = rp_btf_find(btf, name, kind);
    if (!id && kind == BTF_KIND_ENUM)
        id = rp_btf_find(btf, name, BTF_KIND_ENUM64);
    return id;
}

/* Linux marks pointers into the process (include/linux/compiler_types.h, since 5.17). */
static bool is_of_user(const struct rp_btf *btf, const struct btf_type *pointer) {
    const struct btf_type *t = rp_btf_type(btf, pointer->type);
    for (unsigned depth = 0; depth < DEPTH_MAX && btf_is_mod(t); depth++) {
        if (btf_is_type_tag(t) && !strcmp(rp_btf_name(btf, t), "user"))
            return true;
        t = rp_btf_type(btf, t->type);
    }
    return false;
}

/* What debug information has that was not read yet. */
static const struct rp_c_type *find_in_program(struct rp_c_types *types, const char *name,
                                               unsigned kind) {
    const struct rp_btf *btf = types->debug ? rp_debug_type_named(types->debug, name, kind) : NULL;
    uint32_t id = btf ? find_in(btf, name, kind) : 0;
    rp_c_types_add_program(types, btf);
    return id ? rp_c_type_of(types, btf, id) : NULL;
}

/* The definition of what this BTF only declares. */
static const struct rp_c_type *find_definition(struct rp_c_types *types, const struct rp_btf *btf,
                                               const struct btf_type *t) {
    unsigned kind = btf_kflag(t) ? BTF_KIND_UNION : BTF_KIND_STRUCT;
    const char *name = rp_btf_name(btf, t);
    uint32_t id = types->own ? rp_btf_find(types->own, name, kind) : 0;
    if (id)
        return rp_c_type_of(types, types->own, id);
    /* A struct of the kernel's that is called alike is another one. */
    if (btf->of_program)
        return find_in_program(types, name, kind);
    id = types->kernel ? rp_btf_find(types->kernel, name, kind) : 0;
    return id ? rp_c_type_of(types, types->kernel, id) : NULL;
}

static void set_from_btf(struct rp_c_type *type, const struct btf_type *t) {
    const struct rp_btf *btf = type->btf;
    type->size = rp_btf_size(btf, type->id);
    switch (btf_kind(t)) {
    case BTF_KIND_INT:
        set_integer(type, t, rp_btf_name(btf, t));
        type->is_char = is_char(btf, type->id);
        return;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        type->kind = RP_C_ENUM;
        type->is_signed = btf_kflag(t);
        type->rank = rank_of("", t->size);
        return;
    case BTF_KIND_FLOAT:
        type->kind = RP_C_FLOAT;
        return;
    case BTF_KIND_PTR:
        type->kind = RP_C_POINTER;
        type->of_user = is_of_user(btf, t);
        return;
    case BTF_KIND_ARRAY:
        type->kind = RP_C_ARRAY;
        type->elements = btf_array(t)->nelems;
        return;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_FWD:
        type->kind = RP_C_COMPOSITE;
        return;
    case BTF_KIND_FUNC_PROTO:
        type->kind = RP_C_FUNCTION;
        return;
    default:
        type->kind = RP_C_VOID;
    }
}

const struct rp_c_type *rp_c_type_of(struct rp_c_types *types, const struct rp_btf *btf,
                                     uint32_t id) {
    uint32_t plain = rp_btf_skip_to_base(btf, id);
    if (!plain)
        return &rp_c_void;
    const struct btf_type *t = rp_btf_type(btf, plain);
    if (btf_is_fwd(t) && plain == rp_btf_skip_modifiers(btf, id)) {
        const struct rp_c_type *definition = find_definition(types, btf, t);
        if (definition)
            return definition;
    }
    struct rp_c_type *type = rp_arena_alloc(&types->arena, sizeof(*type));
    if (!type)
        return NULL;
    *type = (struct rp_c_type){.btf = btf, .id = id, .plain = plain};
    type->is_own = btf->of_program || (btf == types->own && id >= btf->first_id);
    set_from_btf(type, t);
    return type;
}

/* ------------------------------------------------------------------ made of others */

const struct rp_c_type *rp_c_pointer_to(struct rp_c_types *types, const struct rp_c_type *to) {
    struct rp_c_type *type = to ? rp_arena_alloc(&types->arena, sizeof(*type)) : NULL;
    if (type)
        *type = (struct rp_c_type){.kind = RP_C_POINTER, .size = sizeof(void *), .to = to};
    return type;
}

const struct rp_c_type *rp_c_array_of(struct rp_c_types *types, const struct rp_c_type *of,
                                      uint64_t elements) {
    struct rp_c_type *type = of ? rp_arena_alloc(&types->arena, sizeof(*type)) : NULL;
    if (type)
        *type = (struct rp_c_type){
            .kind = RP_C_ARRAY, .size = of->size * elements, .elements = elements, .to = of};
    return type;
}

const struct rp_c_type *rp_c_type_to(struct rp_c_types *types, const struct rp_c_type *type) {
    if (type->to || !type->btf)
        return type->to ? type->to : &rp_c_void;
    const struct btf_type *t = rp_btf_type(type->btf, type->plain);
    return rp_c_type_of(types, type->btf, btf_is_array(t) ? btf_array(t)->type : t->type);
}

/* ------------------------------------------------------------------ by name */

static const struct rp_btf *nth_btf(struct rp_c_types *types, unsigned n) {
    if (!n)
        return types->own;
    if (n <= types->program_count)
        return types->programs[n - 1];
    n -= types->program_count;
    if (n == 1)
        return types->kernel;
    if (!types->modules_read) {
        types->modules_read = true;
        types->modules = types->kernel && types->kernel == rp_kernel_types_or_null()
                             ? rp_kernel_module_types()
                             : NULL;
    }
    const struct rp_btf *btf = types->modules;
    for (n -= 2; btf && n; n--)
        btf = btf->next;
    return btf;
}

const struct rp_c_type *rp_c_type_find(struct rp_c_types *types, const char *name, unsigned kind) {
    /* What a typedef stands for is the same in modules. */
    unsigned programs = types->program_count;
    unsigned last = kind == BTF_KIND_TYPEDEF ? programs + 1 : UINT32_MAX;
    for (unsigned n = 0; n <= last; n++) {
        const struct rp_btf *btf = nth_btf(types, n);
        if (!btf && n >= programs + 2)
            return NULL;
        uint32_t id = btf ? find_in(btf, name, kind) : 0;
        if (id)
            return rp_c_type_of(types, btf, id);
        const struct rp_c_type *more = n == programs ? find_in_program(types, name, kind) : NULL;
        if (more)
            return more;
    }
    return NULL;
}

static bool find_enumerator(const struct rp_btf *btf, const char *name, int64_t *value,
                            uint32_t *id) {
    for (size_t n = 0; n < btf->nameable.count; n++) {
        const struct btf_type *t = rp_btf_entry_type(btf, &btf->nameable.items[n]);
        for (unsigned i = 0; btf_is_any_enum(t) && i < btf_vlen(t); i++) {
            const struct rp_btf_enumerator enumerator = rp_btf_enumerator(btf, t, i);
            if (strcmp(enumerator.name, name) != 0)
                continue;
            *value = enumerator.value;
            *id = btf->nameable.items[n].id;
            return true;
        }
    }
    return false;
}

bool rp_c_enumerator_find(struct rp_c_types *types, const char *name, int64_t *value,
                          const struct rp_c_type **type) {
    uint32_t id;
    for (unsigned n = 0; n < types->program_count + 2; n++) {
        const struct rp_btf *btf = nth_btf(types, n);
        if (btf && find_enumerator(btf, name, value, &id)) {
            *type = rp_c_type_of(types, btf, id);
            return *type;
        }
    }
    return false;
}

const char *rp_c_enumerator_of(const struct rp_c_type *type, int64_t value) {
    if (type->kind != RP_C_ENUM || !type->btf)
        return NULL;
    const struct btf_type *t = rp_btf_type(type->btf, type->plain);
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        const struct rp_btf_enumerator enumerator = rp_btf_enumerator(type->btf, t, i);
        if (enumerator.value == value)
            return enumerator.name;
    }
    return NULL;
}

/* ------------------------------------------------------------------ members */

static bool is_named(const char *own, const char *name, size_t length) {
    return strlen(own) == length && !memcmp(own, name, length);
}

static bool find_own(const struct rp_btf *btf, const struct btf_type *t, const char *name,
                     size_t length, uint64_t base, struct rp_c_member *out, uint32_t *id) {
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        const struct btf_member *m = &btf_members(t)[i];
        const char *own = rp_btf_string(btf, m->name_off);
        if (!*own || !is_named(own, name, length))
            continue;
        *out = (struct rp_c_member){.name = own,
                                    .bit_offset = base + btf_member_bit_offset(t, i),
                                    .bits = btf_member_bitfield_size(t, i)};
        *id = m->type;
        return true;
    }
    return false;
}

/* The first member of that name, or else those in structs without a name inside, which are C++'s
 * bases, too: which, of what, from where on. Returns how many there are. */
static unsigned find_member(const struct rp_btf *btf, const struct btf_type *t, const char *name,
                            size_t length, unsigned depth, uint64_t base, struct rp_c_member *out,
                            uint32_t *id) {
    unsigned found = 0;
    if (find_own(btf, t, name, length, base, out, id))
        return 1;
    for (unsigned i = 0; i < btf_vlen(t) && depth < DEPTH_MAX && found < 2; i++) {
        const struct btf_member *m = &btf_members(t)[i];
        const struct btf_type *inner = rp_btf_base_type(btf, m->type);
        struct rp_c_member other;
        if (*rp_btf_string(btf, m->name_off) || !btf_is_composite(inner))
            continue;
        found += find_member(btf, inner, name, length, depth + 1,
                             base + btf_member_bit_offset(t, i), found ? &other : out, id);
    }
    return found;
}

bool rp_c_member_find(struct rp_c_types *types, const struct rp_c_type *composite, const char *name,
                      size_t length, struct rp_c_member *out) {
    *out = (struct rp_c_member){0};
    if (!rp_c_is_complete(composite))
        return false;
    uint32_t id = 0;
    const struct btf_type *t = rp_btf_type(composite->btf, composite->plain);
    unsigned found = find_member(composite->btf, t, name, length, 0, 0, out, &id);
    out->is_ambiguous = found > 1;
    if (found != 1)
        return false;
    out->type = rp_c_type_of(types, composite->btf, id);
    return out->type;
}

static void each_member(const struct rp_btf *btf, const struct btf_type *t, unsigned depth,
                        void (*each)(void *ctx, const char *name), void *ctx) {
    for (unsigned i = 0; i < btf_vlen(t) && depth < DEPTH_MAX; i++) {
        const char *own = rp_btf_string(btf, btf_members(t)[i].name_off);
        const struct btf_type *inner = rp_btf_base_type(btf, btf_members(t)[i].type);
        if (*own)
            each(ctx, own);
        else if (btf_is_composite(inner))
            each_member(btf, inner, depth + 1, each, ctx);
    }
}

void rp_c_members_each(struct rp_c_types *types, const struct rp_c_type *composite,
                       void (*each)(void *ctx, const char *name), void *ctx) {
    (void)types;
    if (rp_c_is_complete(composite))
        each_member(composite->btf, rp_btf_type(composite->btf, composite->plain), 0, each, ctx);
}

/* ------------------------------------------------------------------ what they are like */

bool rp_c_is_complete(const struct rp_c_type *type) {
    return type->kind == RP_C_COMPOSITE && type->btf &&
           btf_is_composite(rp_btf_type(type->btf, type->plain));
}

bool rp_c_is_nameable(struct rp_c_types *types, const struct rp_c_type *type) {
    if (type->kind == RP_C_POINTER || type->kind == RP_C_ARRAY || type->kind == RP_C_FUNCTION) {
        const struct rp_c_type *to = rp_c_type_to(types, type);
        return to && rp_c_is_nameable(types, to);
    }
    return !type->btf ||
           (!type->is_own &&
            *rp_btf_name(type->btf,
                         rp_btf_type(type->btf, rp_btf_skip_modifiers(type->btf, type->id))));
}

/* Whether a member of it, of a struct in it or of an array in it leads to a struct or a function.
 */
static bool leads_on(const struct rp_btf *btf, const struct btf_type *t, unsigned depth) {
    for (unsigned i = 0; i < btf_vlen(t) && depth < DEPTH_MAX; i++) {
        uint32_t id = rp_btf_skip_to_base(btf, btf_members(t)[i].type);
        const struct btf_type *m = rp_btf_type(btf, id);
        for (unsigned d = 0; btf_is_array(m) && d < DEPTH_MAX; d++)
            m = rp_btf_base_type(btf, btf_array(m)->type);
        if (btf_is_composite(m) && leads_on(btf, m, depth + 1))
            return true;
        if (!btf_is_ptr(m))
            continue;
        const struct btf_type *to = rp_btf_base_type(btf, m->type);
        /* struct iovec, which struct user_msghdr points to, is as plain as that. */
        if (btf_is_fwd(to) || btf_is_func_proto(to) || to == t ||
            (btf_is_composite(to) && (depth || leads_on(btf, to, DEPTH_MAX - 1))))
            return true;
    }
    return false;
}

bool rp_c_is_kernel_struct(struct rp_c_types *types, const struct rp_c_type *type) {
    (void)types;
    return !type->is_own && rp_c_is_complete(type) &&
           leads_on(type->btf, rp_btf_type(type->btf, type->plain), 0);
}

const struct rp_c_type *rp_c_promoted(const struct rp_c_type *type, unsigned bits) {
    if (type->kind == RP_C_ENUM && type->size == 8)
        return type->is_signed ? &rp_c_long : &rp_c_unsigned_long;
    if (type->kind == RP_C_ENUM && type->size == 4 && !type->is_signed && (!bits || bits >= 32))
        return &rp_c_unsigned;
    bool fits = type->rank < RANK_INT || type->size < 4 || (bits && bits < 32) ||
                (bits == 32 && type->is_signed);
    return fits || type->kind == RP_C_ENUM ? &rp_c_int : type;
}

static const struct rp_c_type *as_unsigned(const struct rp_c_type *type) {
    switch (type->rank) {
    case RANK_INT:
        return &rp_c_unsigned;
    case RANK_LONG:
        return &rp_c_unsigned_long;
    case RANK_LONG_LONG:
        return &rp_c_unsigned_long_long;
    default:
        return &c_uint128;
    }
}

const struct rp_c_type *rp_c_common(const struct rp_c_type *a, const struct rp_c_type *b) {
    a = rp_c_promoted(a, 0);
    b = rp_c_promoted(b, 0);
    if (a->is_signed == b->is_signed)
        return a->rank >= b->rank ? a : b;
    const struct rp_c_type *sign = a->is_signed ? a : b, *other = a->is_signed ? b : a;
    if (other->rank >= sign->rank)
        return other;
    return sign->size > other->size ? sign : as_unsigned(sign);
}

/* ------------------------------------------------------------------ as text */

/* A type without a name cannot be declared by name: a pointer to it is just a pointer. */
static char *void_for_anonymous(void *ctx, uint32_t id) {
    (void)ctx;
    (void)id;
    return strdup("void");
}

static char *declare(const struct rp_c_type *type, const char *name,
                     const struct rp_btf_declaration *spelling) {
    RP_AUTO_FREE char *inner = strdup(name);
    for (; inner && !type->btf && type->to; type = type->to) {
        char *outer;
        if (type->kind == RP_C_POINTER)
            outer = rp_text("*%s", inner);
        else if (type->kind == RP_C_FUNCTION)
            outer = rp_text("(%s)(%s)", inner, type->name ? type->name : "");
        else if (type->elements)
            outer =
                rp_text(*inner == '*' ? "(%s)[%ju]" : "%s[%ju]", inner, (uintmax_t)type->elements);
        else
            outer = rp_text(*inner == '*' ? "(%s)[]" : "%s[]", inner);
        free(inner);
        inner = outer;
    }
    if (!inner)
        return NULL;
    if (type->btf)
        return rp_btf_declaration(type->btf, type->id, inner, spelling);
    return rp_text("%s%s%s", type->name, *inner ? " " : "", inner);
}

char *rp_c_type_text(const struct rp_c_type *type) {
    static const struct rp_btf_declaration for_people = {.familiar = true};
    return declare(type, "", &for_people);
}

/* What a pointer of any depth leads to is void where that was declared. */
static const struct rp_c_type *innermost(const struct rp_c_type *type) {
    while (!type->btf && type->to)
        type = type->to;
    return type;
}

char *rp_c_type_declare(const struct rp_c_type *type, const char *name) {
    static const struct rp_btf_declaration named = {.familiar = true,
                                                    .anonymous = void_for_anonymous};
    static const struct rp_btf_declaration plain = {
        .familiar = true, .plain = true, .anonymous = void_for_anonymous};
    if (!innermost(type)->is_own)
        return declare(type, name, &named);
    if (type->kind == RP_C_POINTER)
        return rp_text("void *%s", name);
    return declare(type, name, &plain);
}

char *rp_c_type_code(const struct rp_c_type *type) {
    return rp_c_type_declare(type, "");
}
