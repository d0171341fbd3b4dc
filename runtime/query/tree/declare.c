/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations become BTF: structs and unions with their members in their places, enums, typedefs.
 */
#include "query/tree/declare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "kernel/btf_writer.h"
#include "query/tree/tree.h"
#include "query/tree/type_name.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define DEPTH_MAX 16

/* A type in the making: what a member needs to know. */
struct part {
    uint32_t id;
    uint64_t size;
    uint64_t align;
    bool is_integer;
};

/* What has a name. */
struct named {
    char *name;
    unsigned kind; /* BTF_KIND_STRUCT for unions, too, _ENUM, _TYPEDEF, _INT, _FLOAT */
    struct part part;
    bool is_declared; /* only */
};

struct declaring {
    struct rp_c_types *types;
    const char *text;
    struct rp_lexer lexer;
    struct rp_btf_writer out;
    RP_VEC(struct named) names;
    unsigned depth;
};

static struct rp_error *take_type(struct declaring *d, struct part *out);

/* ------------------------------------------------------------------ tokens */

static struct rp_error *wrong(const struct declaring *d, const char *at, const char *message) {
    const char *line = at;
    while (line > d->text && line[-1] != '\n')
        line--;
    RP_AUTO_FREE char *why = rp_text("%s\n  %.*s\n  %*s^", message, (int)strcspn(line, "\n"), line,
                                     (int)(at - line), "");
    return why ? rp_error_new(EINVAL, why, "cannot read the declaration") : rp_error_nomem();
}

static struct rp_token peek(const struct declaring *d) {
    struct rp_lexer ahead = d->lexer;
    return rp_lex(&ahead);
}

static bool take(struct declaring *d, const char *text) {
    struct rp_token token = peek(d);
    if (!rp_token_is(&token, text))
        return false;
    rp_lex(&d->lexer);
    return true;
}

static struct rp_error *expect(struct declaring *d, const char *text) {
    char message[] = "a ? is missing";
    *strchr(message, '?') = *text;
    return take(d, text) ? NULL : wrong(d, peek(d).text, message);
}

/* ------------------------------------------------------------------ names */

static struct named *find_named(struct declaring *d, unsigned kind, const char *name) {
    for (size_t i = 0; i < d->names.count; i++)
        if (d->names.items[i].kind == kind && !strcmp(d->names.items[i].name, name))
            return &d->names.items[i];
    return NULL;
}

static struct named *add_named(struct declaring *d, unsigned kind, const char *name,
                               struct part part) {
    char *copy = strdup(name);
    struct named named = {.name = copy, .kind = kind, .part = part};
    if (copy && rp_vec_push(&d->names, named))
        return &d->names.items[d->names.count - 1];
    free(copy);
    d->out.nomem = true;
    return NULL;
}

/* ------------------------------------------------------------------ C's own types, the kernel's */

static struct part part_of(struct declaring *d, const struct rp_c_type *type);

static uint32_t add_int(struct rp_btf_writer *out, const char *name, const struct rp_c_type *type) {
    if (type->kind == RP_C_FLOAT)
        return rp_btf_writer_add(out, name, BTF_KIND_FLOAT, 0, false, (uint32_t)type->size);
    uint32_t id = rp_btf_writer_add(out, name, BTF_KIND_INT, 0, false, (uint32_t)type->size);
    uint32_t encoding = type->kind == RP_C_BOOL ? BTF_INT_BOOL
                        : type->is_signed       ? BTF_INT_SIGNED
                                                : 0;
    rp_btf_writer_more(out, id, encoding << 24 | (uint32_t)type->size * 8);
    return id;
}

static struct part basic_part(struct declaring *d, const struct rp_c_type *type) {
    unsigned kind = type->kind == RP_C_FLOAT ? BTF_KIND_FLOAT : BTF_KIND_INT;
    const struct named *known = find_named(d, kind, type->name);
    if (known)
        return known->part;
    struct part part = {
        .size = type->size, .align = type->size, .is_integer = kind == BTF_KIND_INT};
    if (type->kind == RP_C_VOID)
        return (struct part){.align = 1};
    part.id = add_int(&d->out, type->name, type);
    add_named(d, kind, type->name, part);
    return part;
}

static struct part pointer_to(struct declaring *d, uint32_t id) {
    return (struct part){.id = rp_btf_writer_add(&d->out, "", BTF_KIND_PTR, 0, false, id),
                         .size = sizeof(void *),
                         .align = sizeof(void *)};
}

/* The index of an array is a number of the base's, or of ours. */
static struct part array_of(struct declaring *d, struct part of, uint64_t elements) {
    struct part index = basic_part(d, &rp_c_unsigned);
    uint32_t id = rp_btf_writer_add(&d->out, "", BTF_KIND_ARRAY, 0, false, 0);
    rp_btf_writer_more(&d->out, id, of.id);
    rp_btf_writer_more(&d->out, id, index.id);
    rp_btf_writer_more(&d->out, id, (uint32_t)elements);
    return (struct part){.id = id, .size = of.size * elements, .align = of.align};
}

static struct part part_of(struct declaring *d, const struct rp_c_type *type) {
    if (type->btf)
        return (struct part){type->id, type->size, rp_btf_align(type->btf, type->id),
                             rp_c_is_integer(type)};
    if (type->kind == RP_C_POINTER && type->to)
        return pointer_to(d, part_of(d, type->to).id);
    if (type->kind == RP_C_ARRAY && type->to)
        return array_of(d, part_of(d, type->to), type->elements);
    if (type->kind == RP_C_FUNCTION)
        return (struct part){.id = rp_btf_writer_add(&d->out, "", BTF_KIND_FUNC_PROTO, 0, false, 0),
                             .align = 1};
    return basic_part(d, type);
}

/* A number, a macro, any constant: up to `close`. */
static struct rp_error *take_constant(struct declaring *d, const char *close, int64_t *out) {
    const char *from = peek(d).text;
    struct rp_lexer ahead = d->lexer;
    int depth = 0;
    const char *end = from;
    for (struct rp_token token = rp_lex(&ahead); token.kind != RP_TOKEN_END;
         token = rp_lex(&ahead)) {
        if (!depth && token.kind == RP_TOKEN_PUNCT && strchr(close, *token.text))
            break;
        depth += rp_token_is(&token, "(") - rp_token_is(&token, ")");
        end = token.text + token.len;
        d->lexer.p = end;
    }
    const char *text = rp_arena_copy(&d->types->arena, from, (size_t)(end - from));
    if (!text)
        return rp_error_nomem();
    const struct rp_scope scope = {.types = d->types};
    const struct rp_node *node;
    RP_TRY(rp_tree_parse(&scope, text, &node));
    if (!node->is_constant)
        return wrong(d, from, "this is not known beforehand");
    *out = node->value;
    return NULL;
}

/* ------------------------------------------------------------------ declarators */

static void skip_qualifiers(struct declaring *d) {
    while (take(d, "const") || take(d, "volatile") || take(d, "restrict") || take(d, "*"))
        ;
}

static struct part take_stars(struct declaring *d, struct part part) {
    for (;;) {
        if (take(d, "*"))
            part = pointer_to(d, part.id);
        else if (!take(d, "const") && !take(d, "volatile") && !take(d, "restrict"))
            return part;
    }
}

static struct rp_error *take_arrays(struct declaring *d, struct part *part) {
    if (!take(d, "["))
        return NULL;
    int64_t elements = 0;
    struct rp_token token = peek(d);
    if (!rp_token_is(&token, "]"))
        RP_TRY(take_constant(d, "]", &elements));
    if (elements < 0 || elements > UINT32_MAX)
        return wrong(d, token.text, "an array cannot have so many elements");
    RP_TRY(expect(d, "]"));
    RP_TRY(take_arrays(d, part));
    *part = array_of(d, *part, (uint64_t)elements);
    return NULL;
}

/* "*name", "name[3]", "(*name)(int)": what is declared and how it is called. */
static struct rp_error *take_declarator(struct declaring *d, struct part base, struct part *part,
                                        char name[128]) {
    *part = take_stars(d, base);
    bool function = take(d, "(");
    if (function)
        skip_qualifiers(d);
    struct rp_token token = peek(d);
    *name = '\0';
    if (token.kind == RP_TOKEN_IDENT) {
        rp_lex(&d->lexer);
        snprintf(name, 128, "%.*s", (int)token.len, token.text);
    }
    if (!function)
        return take_arrays(d, part);
    struct part pointer = pointer_to(d, 0); /* whatever it returns */
    RP_TRY(take_arrays(d, &pointer));
    RP_TRY(expect(d, ")"));
    rp_skip_parentheses(&d->lexer);
    *part = pointer;
    return NULL;
}

/* ------------------------------------------------------------------ structs and unions */

struct layout {
    bool is_union, packed, has_bits;
    uint64_t bits;  /* so far */
    uint64_t align; /* of all of it */
    uint64_t size;  /* of a union: its largest member's, in bits */
    unsigned count;
    uint32_t id;
};

static uint64_t round_up(uint64_t value, uint64_t align) {
    return align ? (value + align - 1) / align * align : value;
}

/* Where the next member begins, in bits. */
static uint64_t place_member(struct layout *l, const struct part *part, int64_t width) {
    uint64_t align = l->packed ? 1 : part->align;
    uint64_t at = l->is_union ? 0 : l->bits, whole = part->size * 8;
    if (width < 0) {
        at = round_up(at, align * 8);
        width = (int64_t)whole;
    } else if (!width) {
        at = round_up(at, whole);
        align = 1;
    } else if (!l->packed && at % whole + (uint64_t)width > whole) {
        at = round_up(at, align * 8); /* a bit field is within one number of its type */
    }
    l->align = align > l->align ? align : l->align;
    l->bits = at + (uint64_t)width;
    l->size = l->bits > l->size ? l->bits : l->size;
    return at;
}

struct member {
    uint32_t name, type, bits;
    uint64_t at;
};

static struct rp_error *add_member(struct declaring *d, struct layout *l, const char *name,
                                   const struct part *part, int64_t width) {
    uint64_t at = place_member(l, part, width);
    if (at >= 1U << 24)
        return wrong(d, peek(d).text, "it is too large");
    if (width >= 0 && !*name) /* only to fill up */
        return NULL;
    uint32_t string = rp_btf_writer_string(&d->out, name);
    rp_btf_writer_more(&d->out, l->id, string);
    rp_btf_writer_more(&d->out, l->id, part->id);
    rp_btf_writer_more(&d->out, l->id, (width > 0 ? (uint32_t)width << 24 : 0) | (uint32_t)at);
    l->count++;
    return NULL;
}

/* "int a, *b, c : 3;" */
static struct rp_error *take_members(struct declaring *d, struct layout *l) {
    struct part base = {0};
    RP_TRY(take_type(d, &base));
    if (take(d, ";")) /* a struct without a name */
        return add_member(d, l, "", &base, -1);
    do {
        struct part part;
        char name[128];
        int64_t width = -1;
        const char *from = peek(d).text;
        RP_TRY(take_declarator(d, base, &part, name));
        if (take(d, ":")) {
            RP_TRY(take_constant(d, ",;", &width));
            if (!part.is_integer || width < 0 || (uint64_t)width > part.size * 8 ||
                (!width && *name))
                return wrong(d, from, "a bit field has as many bits as its type at most");
        }
        if (!*name && width < 0)
            return wrong(d, from, "the name of a member is missing here");
        if (!part.id)
            return wrong(d, from, "nothing is of the type void");
        RP_TRY(add_member(d, l, name, &part, width));
    } while (take(d, ","));
    return expect(d, ";");
}

/* "__attribute__((packed, aligned(8)))", "__packed" */
static void take_attributes(struct declaring *d, struct layout *l) {
    for (;;) {
        if (take(d, "__packed")) {
            l->packed = true;
            continue;
        }
        if (!take(d, "__attribute__"))
            return;
        struct rp_lexer inside = d->lexer;
        rp_skip_parentheses(&d->lexer);
        inside.end = d->lexer.p;
        for (struct rp_token token = rp_lex(&inside); token.kind != RP_TOKEN_END;
             token = rp_lex(&inside)) {
            l->packed |= rp_token_is(&token, "packed") || rp_token_is(&token, "__packed__");
            if (token.kind == RP_TOKEN_NUMBER && strtoull(token.text, NULL, 0) > l->align)
                l->align = strtoull(token.text, NULL, 0);
        }
    }
}

/* Attributes behind the members hold for these, too. */
static bool is_packed_behind(const struct declaring *d) {
    struct declaring ahead = *d;
    struct layout behind = {0};
    for (int depth = 1; depth;) {
        struct rp_token token = rp_lex(&ahead.lexer);
        depth += rp_token_is(&token, "{") - rp_token_is(&token, "}");
        if (token.kind == RP_TOKEN_END)
            return false;
    }
    take_attributes(&ahead, &behind);
    return behind.packed;
}

static struct rp_error *take_body(struct declaring *d, struct layout *l, const char *name,
                                  struct named *named, struct part *out) {
    size_t index = named ? (size_t)(named - d->names.items) : 0;
    l->packed |= is_packed_behind(d);
    while (!take(d, "}")) {
        if (peek(d).kind == RP_TOKEN_END)
            return wrong(d, peek(d).text, "a } is missing");
        RP_TRY(take_members(d, l));
    }
    take_attributes(d, l);
    uint64_t size = round_up((l->size + 7) / 8, l->align);
    rp_btf_writer_set(&d->out, l->id, name, l->is_union ? BTF_KIND_UNION : BTF_KIND_STRUCT,
                      l->count, true, (uint32_t)size);
    *out = (struct part){.id = l->id, .size = size, .align = l->align};
    if (named) {
        d->names.items[index].part = *out;
        d->names.items[index].is_declared = false;
    }
    return NULL;
}

/* The struct that a declaration means that does not say what is in it. */
static struct rp_error *find_composite(struct declaring *d, const char *name, bool is_union,
                                       struct part *out) {
    const struct named *named = find_named(d, BTF_KIND_STRUCT, name);
    const struct rp_c_type *type =
        named ? NULL : rp_c_type_find(d->types, name, is_union ? BTF_KIND_UNION : BTF_KIND_STRUCT);
    *out =
        named ? named->part
        : type
            ? part_of(d, type)
            : (struct part){.id = rp_btf_writer_add(&d->out, name, BTF_KIND_FWD, 0, is_union, 0)};
    return NULL;
}

static struct rp_error *take_composite(struct declaring *d, bool is_union, struct part *out) {
    struct layout l = {.is_union = is_union, .align = 1};
    take_attributes(d, &l);
    struct rp_token token = peek(d);
    RP_AUTO_FREE char *name = strndup(token.text, token.kind == RP_TOKEN_IDENT ? token.len : 0);
    if (!name)
        return rp_error_nomem();
    if (*name)
        rp_lex(&d->lexer);
    if (!take(d, "{")) {
        if (!*name)
            return wrong(d, token.text, "a name is missing here");
        return find_composite(d, name, is_union, out);
    }
    const struct named *before = *name ? find_named(d, BTF_KIND_STRUCT, name) : NULL;
    if (before)
        return wrong(d, token.text, "this is declared twice");
    if (d->depth >= DEPTH_MAX)
        return wrong(d, token.text, "this is too deep");
    l.id = rp_btf_writer_reserve(&d->out);
    struct named *named =
        *name ? add_named(d, BTF_KIND_STRUCT, name, (struct part){.id = l.id}) : NULL;
    d->depth++;
    struct rp_error *err = take_body(d, &l, name, named, out);
    d->depth--;
    return err;
}

/* ------------------------------------------------------------------ enums */

struct enumerator {
    uint32_t name;
    int64_t value;
};
struct enumerators {
    RP_VEC(struct enumerator) all;
    int64_t least, most;
};

static void clear_enumerators(struct enumerators *e) {
    rp_vec_clear(&e->all);
}

static struct rp_error *take_enumerators(struct declaring *d, struct enumerators *out) {
    int64_t value = 0;
    while (!take(d, "}")) {
        struct rp_token token = rp_lex(&d->lexer);
        RP_AUTO_FREE char *name = strndup(token.text, token.len);
        if (token.kind != RP_TOKEN_IDENT)
            return wrong(d, token.text, "the name of an enumerator is missing here");
        if (take(d, "="))
            RP_TRY(take_constant(d, ",}", &value));
        struct enumerator one = {rp_btf_writer_string(&d->out, name ? name : ""), value};
        if (!name || !rp_vec_push(&out->all, one))
            return rp_error_nomem();
        out->least = value < out->least ? value : out->least;
        out->most = value > out->most ? value : out->most;
        value++;
        struct rp_token next = peek(d);
        if (!take(d, ",") && !rp_token_is(&next, "}"))
            return wrong(d, next.text, "a } is missing");
    }
    return NULL;
}

/* As gcc and clang have it: an int where all fit, a long where they do not; as few bytes as are
 * needed where it is packed. */
static uint64_t size_of_enum(const struct enumerators *e, bool packed) {
    for (uint64_t size = packed ? 1 : 4; size < 8; size *= 2) {
        int64_t limit = INT64_C(1) << (8 * size - 1);
        if (e->least < 0 ? e->least >= -limit && e->most < limit : e->most < 2 * limit)
            return size;
    }
    return 8;
}

static void write_enum(struct declaring *d, const char *name, const struct enumerators *e,
                       const struct part *part) {
    bool large = part->size > 4;
    for (size_t i = 0; i < e->all.count; i++) {
        uint64_t value = (uint64_t)e->all.items[i].value;
        rp_btf_writer_more(&d->out, part->id, e->all.items[i].name);
        rp_btf_writer_more(&d->out, part->id, (uint32_t)value);
        if (large)
            rp_btf_writer_more(&d->out, part->id, (uint32_t)(value >> 32));
    }
    rp_btf_writer_set(&d->out, part->id, name, large ? BTF_KIND_ENUM64 : BTF_KIND_ENUM,
                      (unsigned)e->all.count, e->least < 0, (uint32_t)part->size);
}

static struct rp_error *find_enum(struct declaring *d, const char *at, const char *name,
                                  struct part *out) {
    const struct named *named = find_named(d, BTF_KIND_ENUM, name);
    const struct rp_c_type *type = named ? NULL : rp_c_type_find(d->types, name, BTF_KIND_ENUM);
    if (!named && !type)
        return wrong(d, at, "there is no such enum");
    *out = named ? named->part : part_of(d, type);
    return NULL;
}

static struct rp_error *take_enum(struct declaring *d, struct part *out) {
    struct layout attributes = {0};
    take_attributes(d, &attributes);
    struct rp_token token = peek(d);
    RP_AUTO_FREE char *name = strndup(token.text, token.kind == RP_TOKEN_IDENT ? token.len : 0);
    if (!name)
        return rp_error_nomem();
    if (*name)
        rp_lex(&d->lexer);
    if (!take(d, "{"))
        return find_enum(d, token.text, name, out);
    RP_AUTO(clear_enumerators) struct enumerators enumerators = {0};
    *out = (struct part){.id = rp_btf_writer_reserve(&d->out), .is_integer = true};
    RP_TRY(take_enumerators(d, &enumerators));
    take_attributes(d, &attributes);
    out->size = out->align = size_of_enum(&enumerators, attributes.packed);
    write_enum(d, name, &enumerators, out);
    if (*name)
        add_named(d, BTF_KIND_ENUM, name, *out);
    return NULL;
}

/* ------------------------------------------------------------------ any type */

static struct rp_error *take_type(struct declaring *d, struct part *out) {
    struct rp_token token = peek(d);
    while (take(d, "const") || take(d, "volatile") || take(d, "static") || take(d, "extern"))
        token = peek(d);
    if (token.kind != RP_TOKEN_IDENT)
        return wrong(d, token.text, "a type is missing here");
    if (take(d, "struct") || take(d, "union"))
        return take_composite(d, rp_token_is(&token, "union"), out);
    if (take(d, "enum"))
        return take_enum(d, out);
    RP_AUTO_FREE char *name = strndup(token.text, token.len);
    if (!name)
        return rp_error_nomem();
    const struct named *named = find_named(d, BTF_KIND_TYPEDEF, name);
    if (named) {
        rp_lex(&d->lexer);
        *out = named->part;
        return NULL;
    }
    const struct rp_c_type *type;
    struct rp_error *err = rp_type_name_take_base(d->types, &d->lexer, &type);
    if (!err) {
        *out = part_of(d, type);
        return NULL;
    }
    struct rp_error *whole = wrong(d, token.text, rp_error_why(err));
    rp_error_free(err);
    return rp_error_hint_set(whole, "declare it, too: typedef … %s;", name);
}

static struct rp_error *take_typedef(struct declaring *d) {
    struct part base, part;
    char name[128];
    RP_TRY(take_type(d, &base));
    RP_TRY(take_declarator(d, base, &part, name));
    if (!*name)
        return wrong(d, peek(d).text, "the typedef's name is missing here");
    part.id = rp_btf_writer_add(&d->out, name, BTF_KIND_TYPEDEF, 0, false, part.id);
    add_named(d, BTF_KIND_TYPEDEF, name, part);
    return expect(d, ";");
}

static struct rp_error *take_all(struct declaring *d) {
    while (peek(d).kind != RP_TOKEN_END) {
        struct part part;
        struct rp_token token = peek(d);
        bool composite = rp_token_is(&token, "struct") || rp_token_is(&token, "union") ||
                         rp_token_is(&token, "enum");
        if (take(d, ";"))
            continue;
        if (take(d, "typedef")) {
            RP_TRY(take_typedef(d));
            continue;
        }
        if (!composite)
            return wrong(d, token.text, "a declaration begins with struct, union, enum or typedef");
        RP_TRY(take_type(d, &part));
        RP_TRY(expect(d, ";"));
    }
    return NULL;
}

static void clear(struct declaring *d) {
    for (size_t i = 0; i < d->names.count; i++)
        free(d->names.items[i].name);
    rp_vec_clear(&d->names);
    rp_btf_writer_clear(&d->out);
}

struct rp_error *rp_c_declare(struct rp_c_types *types, const char *text) {
    struct declaring d = {.types = types,
                          .text = text,
                          .lexer = {.p = text, .end = text + strlen(text)},
                          .out = {.base = types->kernel}};
    struct rp_error *err = take_all(&d);
    if (!err) {
        types->own = rp_btf_writer_end(&d.out);
        err = types->own ? NULL : rp_error_nomem();
    }
    clear(&d);
    return err;
}
