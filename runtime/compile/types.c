/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf's btf_dump writes whole types; a task_struct alone has 1,500 lines with everything that it
 * holds by value, and clang reads every line three times. Here a large struct keeps only the
 * members whose names the source mentions, at their exact offsets, with padding between them.
 */
#include "compile/types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "util/cleanup.h"

/* Up to this size a struct keeps the members that cost nothing to declare, so that initialisers by
 * position and printed values look as in the kernel. struct pt_regs must stay whole: libbcc's own
 * macros name its members. */
#define SMALL_STRUCT_MEMBERS 32
#define SMALL_ENUM_VALUES    32

enum state { UNSEEN = 0, QUEUED, BEGUN, DONE };

struct writer {
    const struct rp_btf *btf; /* the types of vmlinux, then of one module after the other */
    const struct rp_names *wanted, *earlier, *later, *declared;
    struct rp_names forwards;  /* tags already declared; structs and enums share one name space */
    struct rp_names tags;      /* tags and "typedef x" already defined */
    struct rp_names constants; /* enumerators already defined */
    FILE *out;
    unsigned char *states; /* enum state, by type id */
    uint32_t *queue;
    size_t queue_len;
    unsigned pad; /* numbers the padding members */
    bool uses_modules;
};

static const struct btf_type *type_of(const struct writer *w, uint32_t id) {
    return rp_btf_type(w->btf, id);
}

static const char *name_of(const struct writer *w, const struct btf_type *t) {
    return rp_btf_name(w->btf, t);
}

/* Whether another text, or the compiler itself, declares the name. */
static bool is_elsewhere(const struct writer *w, const char *name) {
    return rp_names_has(w->earlier, name) || rp_names_has(w->later, name) ||
           strncmp(name, "__builtin_", 10) == 0;
}

static bool is_anonymous(const struct writer *w, uint32_t id) {
    const struct btf_type *t = type_of(w, id);
    return (btf_is_composite(t) || btf_is_any_enum(t)) && !*name_of(w, t);
}

/* ------------------------------------------------------------- which members stay */

/* Whether a member's type can be declared without pulling in another declaration. */
static bool is_plain(const struct writer *w, uint32_t id) {
    id = rp_btf_skip_to_base(w->btf, id);
    const struct btf_type *t = type_of(w, id);
    switch (btf_kind(t)) {
    case BTF_KIND_INT:
    case BTF_KIND_FLOAT:
    case BTF_KIND_PTR:
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return true;
    case BTF_KIND_ARRAY:
        return is_plain(w, btf_array(t)->type);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return is_anonymous(w, id) && btf_vlen(t) <= SMALL_STRUCT_MEMBERS;
    default:
        return false;
    }
}

static bool holds_wanted(const struct writer *w, const struct btf_type *t);

/* Whether the source can name the member, or one inside it when it has no name itself. */
static bool is_wanted(const struct writer *w, const struct btf_member *m) {
    const char *name = rp_btf_string(w->btf, m->name_off);
    if (*name)
        return rp_names_has(w->wanted, name);
    const struct btf_type *t = type_of(w, rp_btf_skip_modifiers(w->btf, m->type));
    return btf_is_composite(t) && holds_wanted(w, t);
}

static bool holds_wanted(const struct writer *w, const struct btf_type *t) {
    const struct btf_member *m = btf_members(t);
    for (unsigned i = 0; i < btf_vlen(t); i++)
        if (is_wanted(w, &m[i]))
            return true;
    return false;
}

static bool is_kept(const struct writer *w, const struct btf_type *parent,
                    const struct btf_member *m) {
    if (is_wanted(w, m))
        return true;
    return btf_vlen(parent) <= SMALL_STRUCT_MEMBERS && is_plain(w, m->type);
}

/* ------------------------------------------------------------- declaring a type */

static void write_composite_body(struct writer *w, FILE *f, const struct btf_type *t, uint32_t id);

/* A type without a name is written in full where it is used. */
static char *anonymous_body(void *ctx, uint32_t id) {
    struct writer *w = ctx;
    char *body = NULL;
    size_t size;
    FILE *f = open_memstream(&body, &size);
    if (!f)
        return NULL;
    write_composite_body(w, f, type_of(w, id), id);
    fclose(f);
    return body;
}

static char *declarator(struct writer *w, uint32_t id, const char *name, bool plain) {
    const struct rp_btf_declaration spelling = {
        .plain = plain, .anonymous = anonymous_body, .ctx = w};
    return rp_btf_declaration(w->btf, id, name, &spelling);
}

/* ------------------------------------------------------------- what must come first */

static void write_composite(struct writer *w, uint32_t id);
static void write_enum(struct writer *w, uint32_t id);
static void write_typedef(struct writer *w, uint32_t id);
static void write_needs_of_members(struct writer *w, const struct btf_type *t);

static void forward(struct writer *w, const struct btf_type *t) {
    const char *name = name_of(w, t);
    if (*name && rp_names_add(&w->forwards, name, strlen(name)))
        fprintf(w->out, "%s %s;\n", rp_btf_tag_word(t), name);
}

/* Whether this name is not defined yet. Another translation unit, or a module, may have a type of
 * the same name: the first one wins. */
static bool define(struct writer *w, uint32_t id, const char *name) {
    if (!rp_names_add(&w->tags, name, strlen(name)))
        return false;
    w->uses_modules |= w->btf->base && id >= w->btf->first_id;
    return true;
}

static void enqueue(struct writer *w, uint32_t id) {
    if (w->states[id] != UNSEEN)
        return;
    w->states[id] = QUEUED;
    w->queue[w->queue_len++] = id;
}

/* Writes what a declaration with this type depends on. A type behind a pointer only has to be
 * declared now; it is defined later, because the source may follow the pointer. */
static void write_needs(struct writer *w, uint32_t id, bool by_value) {
    for (;;) {
        id = rp_btf_skip_modifiers(w->btf, id);
        if (!id)
            return;
        const struct btf_type *t = type_of(w, id);
        switch (btf_kind(t)) {
        case BTF_KIND_PTR:
            by_value = false;
            id = t->type;
            break;
        case BTF_KIND_ARRAY:
            by_value = true;
            id = btf_array(t)->type;
            break;
        case BTF_KIND_TYPEDEF:
            write_typedef(w, id);
            id = t->type;
            break;
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
            write_enum(w, id);
            return;
        case BTF_KIND_FWD:
            forward(w, t);
            return;
        case BTF_KIND_FUNC_PROTO:
            for (unsigned i = 0; i < btf_vlen(t); i++)
                write_needs(w, btf_params(t)[i].type, false);
            by_value = false;
            id = t->type;
            break;
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
            if (is_anonymous(w, id)) {
                write_needs_of_members(w, t);
            } else if (by_value) {
                write_composite(w, id);
            } else {
                forward(w, t);
                enqueue(w, id);
            }
            return;
        default:
            return;
        }
    }
}

/* The struct or union without a name that a member has, alone or as an array; else 0. */
static uint32_t anonymous_inside(const struct writer *w, uint32_t id) {
    id = rp_btf_skip_to_base(w->btf, id);
    while (id && btf_kind(type_of(w, id)) == BTF_KIND_ARRAY)
        id = rp_btf_skip_to_base(w->btf, btf_array(type_of(w, id))->type);
    return id && btf_is_composite(type_of(w, id)) && is_anonymous(w, id) ? id : 0;
}

static void write_needs_of_members(struct writer *w, const struct btf_type *t) {
    const struct btf_member *m = btf_members(t);
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        uint32_t inside = anonymous_inside(w, m[i].type);
        if (is_wanted(w, &m[i]))
            write_needs(w, m[i].type, true);
        else if (inside && is_kept(w, t, &m[i]))
            write_needs_of_members(w, type_of(w, inside));
    }
}

/* ------------------------------------------------------------- structs and unions */

static void write_padding(struct writer *w, FILE *f, uint64_t from_bit, uint64_t to_bit) {
    if (from_bit >= to_bit)
        return;
    if (from_bit % 8) {
        uint64_t up = (from_bit + 7) / 8 * 8;
        uint64_t end = up < to_bit ? up : to_bit;
        fprintf(f, "unsigned char : %u; ", (unsigned)(end - from_bit));
        from_bit = end;
    }
    if (to_bit / 8 > from_bit / 8)
        fprintf(f, "char __pad%u[%llu]; ", w->pad++,
                (unsigned long long)(to_bit / 8 - from_bit / 8));
    if (to_bit % 8 && from_bit < to_bit)
        fprintf(f, "unsigned char : %u; ", (unsigned)(to_bit % 8));
}

static uint64_t bits_of(const struct writer *w, uint32_t id) {
    return rp_btf_size(w->btf, id) * 8;
}

static uint64_t alignment_bits(const struct writer *w, uint32_t id) {
    return (uint64_t)rp_btf_align(w->btf, id) * 8;
}

/* A type that the source defines itself, further down, cannot be used by value here. */
static bool is_later(const struct writer *w, uint32_t id) {
    for (;;) {
        id = rp_btf_skip_modifiers(w->btf, id);
        const struct btf_type *t = type_of(w, id);
        unsigned kind = btf_kind(t);
        if (kind == BTF_KIND_ARRAY)
            id = btf_array(t)->type;
        else if (kind == BTF_KIND_TYPEDEF && !rp_names_has(w->later, name_of(w, t)))
            id = t->type;
        else
            return id && kind != BTF_KIND_PTR && rp_names_has(w->later, name_of(w, t));
    }
}

/* "{ members } __attribute__((…))" with the keyword before it. */
static void write_composite_body(struct writer *w, FILE *f, const struct btf_type *t, uint32_t id) {
    bool is_union = btf_kind(t) == BTF_KIND_UNION;
    const struct btf_member *m = btf_members(t);
    uint64_t bit = 0, align = alignment_bits(w, id);
    bool packed = false, empty = true;
    fprintf(f, "%s %s%s{ ", rp_btf_tag_word(t), name_of(w, t), *name_of(w, t) ? " " : "");
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        if (!is_kept(w, t, &m[i]) || is_later(w, m[i].type))
            continue;
        uint64_t at = btf_member_bit_offset(t, i);
        unsigned field_bits = btf_member_bitfield_size(t, i);
        if (!is_union)
            write_padding(w, f, bit, at);
        const char *name = rp_btf_string(w->btf, m[i].name_off);
        RP_AUTO_FREE char *decl = declarator(w, m[i].type, name, !is_wanted(w, &m[i]));
        if (field_bits)
            fprintf(f, "%s : %u; ", decl, field_bits);
        else
            fprintf(f, "%s; ", decl);
        uint64_t natural = alignment_bits(w, m[i].type);
        if (!field_bits && (at % natural || natural > align))
            packed = true;
        uint64_t end = at + (field_bits ? field_bits : bits_of(w, m[i].type));
        bit = end > bit || !is_union ? end : bit;
        empty = false;
    }
    uint64_t size = (uint64_t)t->size * 8;
    if (is_union && bit < size)
        fprintf(f, "char __pad%u[%u]; ", w->pad++, t->size);
    else if (!is_union)
        write_padding(w, f, bit, size);
    if (size % align)
        packed = true;
    fputc('}', f);
    if (packed)
        fprintf(f, " __attribute__((packed))");
    else if (!empty || size)
        fprintf(f, " __attribute__((aligned(%u)))", (unsigned)(align / 8));
}

static void write_composite(struct writer *w, uint32_t id) {
    const struct btf_type *t = type_of(w, id);
    const char *name = name_of(w, t);
    if (w->states[id] >= BEGUN || is_elsewhere(w, name))
        return;
    w->states[id] = BEGUN;
    if (!define(w, id, name))
        return;
    write_needs_of_members(w, t);
    RP_AUTO_FREE char *body = NULL;
    size_t size;
    FILE *f = open_memstream(&body, &size);
    if (!f)
        return;
    write_composite_body(w, f, t, id);
    fclose(f);
    fprintf(w->out, "%s;\n", body);
    rp_names_add(&w->forwards, name, strlen(name));
    w->states[id] = DONE;
}

/* ------------------------------------------------------------- enums and typedefs */

static void write_enumerator(struct writer *w, const struct btf_type *t, unsigned i, bool all) {
    const struct rp_btf_enumerator e = rp_btf_enumerator(w->btf, t, i);
    if ((!all && !rp_names_has(w->wanted, e.name)) || is_elsewhere(w, e.name) ||
        rp_names_has(w->declared, e.name) || !rp_names_add(&w->constants, e.name, strlen(e.name)))
        return;
    const char *longer = btf_is_enum64(t) ? "LL" : "";
    if (btf_kflag(t))
        fprintf(w->out, "%s = %" PRId64 "%s, ", e.name, e.value, longer);
    else
        fprintf(w->out, "%s = %" PRIu64 "U%s, ", e.name, (uint64_t)e.value, longer);
}

/* Of this value follows the size of an enum of which only some values are written. */
static const char *widest_value(const struct btf_type *t) {
    return t->size == 8 ? "0xffffffffffffffffULL" : t->size == 2 ? "0x100" : "0";
}

static void write_enum(struct writer *w, uint32_t id) {
    const struct btf_type *t = type_of(w, id);
    const char *name = name_of(w, t);
    if (w->states[id] >= BEGUN || is_elsewhere(w, name))
        return;
    w->states[id] = DONE;
    if (*name && !define(w, id, name))
        return;
    unsigned count = btf_vlen(t);
    bool all = count <= SMALL_ENUM_VALUES;
    fprintf(w->out, "enum %s%s{ ", name, *name ? " " : "");
    for (unsigned i = 0; i < count; i++)
        write_enumerator(w, t, i, all || btf_is_enum64(t));
    fprintf(w->out, "__enum%u = %s }", w->pad++, widest_value(t)); /* it must not be empty */
    if (t->size < 4)
        fprintf(w->out, " __attribute__((packed))");
    fprintf(w->out, ";\n");
}

static void write_typedef(struct writer *w, uint32_t id) {
    const struct btf_type *t = type_of(w, id);
    const char *name = name_of(w, t);
    if (w->states[id] >= BEGUN || is_elsewhere(w, name))
        return;
    w->states[id] = BEGUN;
    RP_AUTO_FREE char *tag = NULL;
    if (asprintf(&tag, "typedef %s", name) < 0)
        tag = NULL;
    if (!tag || !define(w, id, tag))
        return;
    uint32_t target = rp_btf_skip_modifiers(w->btf, t->type);
    const struct btf_type *to = type_of(w, target);
    bool is_named_composite = target && btf_is_composite(to) && *name_of(w, to);
    write_needs(w, t->type, !is_named_composite);
    RP_AUTO_FREE char *decl = declarator(w, t->type, name, false);
    fprintf(w->out, "typedef %s;\n", decl);
    w->states[id] = DONE;
}

/* ------------------------------------------------------------- the whole */

/* A bit for the leading bytes of each wanted name, to reject others fast: BTF has 40,000 names. */
struct sieve {
    uint64_t bits[1024];
};

static uint16_t start_of(const char *name) {
    unsigned second = *name ? (unsigned char)name[1] : 0,
             third = second ? (unsigned char)name[2] : 0;
    return (uint16_t)((unsigned char)name[0] ^ second << 5 ^ third << 10);
}

static void make_sieve(struct sieve *sieve, const struct rp_names *wanted) {
    memset(sieve, 0, sizeof(*sieve));
    for (size_t i = 0; i < wanted->count; i++) {
        uint16_t start = start_of(wanted->items[i]);
        sieve->bits[start / 64] |= 1ULL << (start % 64);
    }
}

static inline bool is_named(const struct writer *w, const struct sieve *sieve, const char *name) {
    uint16_t start = start_of(name);
    return sieve->bits[start / 64] >> (start % 64) & 1 && rp_names_has(w->wanted, name);
}

static bool names_wanted_constant(const struct writer *w, const struct sieve *sieve,
                                  const struct btf_type *t) {
    unsigned count = btf_vlen(t);
    for (unsigned i = 0; i < count; i++) {
        const char *name = rp_btf_enumerator(w->btf, t, i).name;
        if (is_named(w, sieve, name) && !is_elsewhere(w, name) &&
            !rp_names_has(w->declared, name) && !rp_names_has(&w->constants, name))
            return true;
    }
    return false;
}

/* Whether vmlinux only declares it: then a module has the definition, and the source may follow a
 * pointer to it without naming it. */
static bool is_missing(const struct writer *w, const char *tag) {
    return w->btf->base && rp_names_has(&w->forwards, tag) && !rp_names_has(&w->tags, tag);
}

static bool is_root(const struct writer *w, const struct sieve *sieve, const struct btf_type *t) {
    const char *name = rp_btf_name(w->btf, t);
    if (btf_kind(t) == BTF_KIND_TYPEDEF)
        return is_named(w, sieve, name) && !rp_names_has(w->declared, name);
    if (btf_is_any_enum(t) && names_wanted_constant(w, sieve, t))
        return true;
    return is_named(w, sieve, name) || is_missing(w, name);
}

static void write_root(struct writer *w, uint32_t id) {
    const struct btf_type *t = type_of(w, id);
    if (btf_kind(t) == BTF_KIND_TYPEDEF) {
        write_typedef(w, id);
        write_needs(w, t->type, true); /* the source may use it by value */
    } else if (btf_is_any_enum(t)) {
        write_enum(w, id);
    } else {
        write_composite(w, id);
    }
}

static void write_roots(struct writer *w, const struct sieve *sieve, const struct rp_btf *btf) {
    w->btf = btf;
    w->queue_len = 0;
    for (size_t i = 0; i < btf->nameable.count; i++)
        if (is_root(w, sieve, rp_btf_entry_type(btf, &btf->nameable.items[i])))
            enqueue(w, btf->nameable.items[i].id);
    for (size_t i = 0; i < w->queue_len; i++)
        write_root(w, w->queue[i]);
}

bool rp_types_write(const struct rp_btf *btf, const struct rp_btf *modules,
                    const struct rp_types_names *names, FILE *out) {
    uint32_t end_id = btf->end_id;
    for (const struct rp_btf *module = modules; module; module = module->next)
        end_id = module->end_id > end_id ? module->end_id : end_id;
    RP_AUTO_FREE unsigned char *states = calloc(end_id, 1);
    RP_AUTO_FREE uint32_t *queue = calloc(end_id, sizeof(*queue));
    struct writer w = {.wanted = names->wanted,
                       .earlier = names->earlier,
                       .later = names->later,
                       .declared = names->declared,
                       .out = out,
                       .states = states,
                       .queue = queue};
    if (!states || !queue)
        return false; /* the compiler will say which type is missing */
    struct sieve sieve;
    make_sieve(&sieve, names->wanted);
    write_roots(&w, &sieve, btf);
    for (const struct rp_btf *module = modules; module; module = module->next) {
        /* The next module has the same ids. */
        memset(states + module->first_id, UNSEEN, module->end_id - module->first_id);
        write_roots(&w, &sieve, module);
    }
    rp_names_clear(&w.forwards);
    rp_names_clear(&w.tags);
    rp_names_clear(&w.constants);
    return w.uses_modules;
}
