/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most expressions are a name and members of it. What they are is told from the kernel's types at
 * once; for all others there is clang (expression.h), which takes much longer to load.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "kernel/btf.h"
#include "kernel/btf_text.h"
#include "query/query.h"
#include "util/array.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ text -> type */

static bool starts_with_word(const char **text, const char *word) {
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0 || isalnum((unsigned char)(*text)[length]) ||
        (*text)[length] == '_')
        return false;
    *text += length;
    *text += strspn(*text, " ");
    return true;
}

/* BTF's own names of what C has several names for. */
static const char *btf_name(const char *name) {
    static const char *const names[][2] = {
        {"long", "long int"},           {"unsigned long", "long unsigned int"},
        {"long long", "long long int"}, {"unsigned long long", "long long unsigned int"},
        {"short", "short int"},         {"unsigned short", "short unsigned int"},
        {"unsigned", "unsigned int"},   {"bool", "_Bool"},
    };
    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (!strcmp(name, names[i][0]))
            return names[i][1];
    return name;
}

static uint32_t find_base(const struct rp_btf *btf, unsigned kind, const char *name) {
    if (kind)
        return rp_btf_find(btf, name, kind);
    uint32_t id = rp_btf_find(btf, name, BTF_KIND_TYPEDEF);
    return id ? id : rp_btf_find(btf, btf_name(name), BTF_KIND_INT);
}

bool rp_type_find(const char *text, struct rp_btf_type *out) {
    *out = (struct rp_btf_type){.btf = rp_kernel_types_or_null()};
    if (!out->btf || strchr(text, '('))
        return false;
    while (starts_with_word(&text, "const") || starts_with_word(&text, "volatile"))
        ;
    unsigned kind = starts_with_word(&text, "struct")  ? BTF_KIND_STRUCT
                    : starts_with_word(&text, "union") ? BTF_KIND_UNION
                    : starts_with_word(&text, "enum")  ? BTF_KIND_ENUM
                                                       : 0;
    size_t length = strcspn(text, "*[");
    for (const char *rest = text + length; *rest; rest++)
        out->pointers += *rest == '*';
    const char *array = strchr(text, '[');
    out->elements = array ? (unsigned)strtoul(array + 1, NULL, 10) : 0;
    if (array && !out->elements) /* one of no known length is where it begins */
        out->pointers++;
    while (length && text[length - 1] == ' ')
        length--;
    RP_AUTO_FREE char *name = strndup(text, length);
    if (!name)
        return false;
    if (!strcmp(name, "void"))
        return out->pointers > 0;
    out->id = find_base(out->btf, kind, name);
    return out->id;
}

/* ------------------------------------------------------------------ members */

static const struct btf_type *base_of(const struct rp_btf_type *type) {
    return rp_btf_type(type->btf, rp_btf_skip_to_base(type->btf, type->id));
}

/* What a pointer or an array leads to. */
static bool follow(struct rp_btf_type *type) {
    if (type->elements) {
        type->elements = 0;
        return true;
    }
    if (type->pointers) {
        type->pointers--;
        return true;
    }
    const struct btf_type *t = base_of(type);
    if (btf_is_ptr(t))
        type->id = t->type;
    else if (btf_is_array(t))
        type->id = btf_array(t)->type;
    else
        return false;
    return true;
}

/* The member of that name, also of a struct without a name inside; a bit field is none. */
static bool find_member(const struct rp_btf *btf, const struct btf_type *t, const char *name,
                        size_t length, uint32_t *id) {
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        const struct btf_member *m = &btf_members(t)[i];
        const char *own = rp_btf_string(btf, m->name_off);
        if (*own) {
            if (strlen(own) != length || memcmp(own, name, length) != 0)
                continue;
            *id = m->type;
            return !btf_member_bitfield_size(t, i);
        }
        const struct btf_type *inner = rp_btf_type(btf, rp_btf_skip_to_base(btf, m->type));
        if (btf_is_composite(inner) && find_member(btf, inner, name, length, id))
            return true;
    }
    return false;
}

static bool step_to(struct rp_btf_type *type, const char *name, size_t length, bool arrow) {
    if (arrow && !follow(type))
        return false;
    const struct btf_type *t = base_of(type);
    return !type->pointers && !type->elements && type->id && btf_is_composite(t) &&
           find_member(type->btf, t, name, length, &type->id);
}

/* `lexer` is behind a name: goes on through members. */
static bool walk(struct rp_lexer *lexer, struct rp_btf_type *type) {
    for (;;) {
        struct rp_token token = rp_lex(lexer);
        if (token.kind == RP_TOKEN_END)
            return true;
        bool dash = rp_token_is(&token, "-");
        if (dash)
            token = rp_lex(lexer);
        if (rp_token_is(&token, "[") && !dash) {
            struct rp_token index = rp_lex(lexer);
            token = rp_lex(lexer);
            if (index.kind != RP_TOKEN_NUMBER || !rp_token_is(&token, "]") || !follow(type))
                return false;
            continue;
        }
        if (!rp_token_is(&token, dash ? ">" : "."))
            return false;
        struct rp_token name = rp_lex(lexer);
        if (name.kind != RP_TOKEN_IDENT || !step_to(type, name.text, name.len, dash))
            return false;
    }
}

bool rp_type_member(const struct rp_btf_type *from, const char *path, struct rp_btf_type *out) {
    struct rp_lexer lexer = {.p = path, .end = path + strlen(path)};
    struct rp_token name = rp_lex(&lexer);
    *out = *from;
    const struct btf_type *t = base_of(from);
    bool pointer = from->pointers || from->elements || btf_is_ptr(t);
    return name.kind == RP_TOKEN_IDENT && step_to(out, name.text, name.len, pointer) &&
           walk(&lexer, out);
}

/* ------------------------------------------------------------------ type -> what it is */

/* Not u8 and its like: those are numbers. */
static bool is_char(const struct rp_btf_type *type) {
    uint32_t id = rp_btf_skip_modifiers(type->btf, type->id);
    const struct btf_type *t = rp_btf_type(type->btf, id);
    const char *name = rp_btf_name(type->btf, t);
    return id && !type->pointers && !type->elements && btf_is_int(t) &&
           (!strcmp(name, "char") || !strcmp(name, "unsigned char"));
}

static bool spell(const struct rp_btf_type *type, char *text, size_t size) {
    RP_AUTO_FREE char *own = rp_type_declaration(type->btf, type->id);
    if (!own)
        return false;
    int length = snprintf(text, size, "%s", own);
    for (unsigned i = 0; i < type->pointers && length > 0 && (size_t)length < size; i++)
        length += snprintf(text + length, size - (size_t)length, "%s*",
                           text[length - 1] == '*' ? "" : " ");
    if (type->elements && length > 0 && (size_t)length < size)
        length += snprintf(text + length, size - (size_t)length, " [%u]", type->elements);
    return length > 0 && (size_t)length < size;
}

static bool describe_pointer(const struct rp_btf_type *type, const struct rp_btf_type *target,
                             struct rp_expression *out) {
    const struct btf_type *t = base_of(type);
    unsigned elements = type->elements;
    if (!elements && !type->pointers && btf_is_array(t))
        elements = btf_array(t)->nelems;
    out->shape = is_char(target) ? RP_SHAPE_TEXT : RP_SHAPE_POINTER;
    out->is_array = elements;
    out->size = 8;
    if (!elements)
        return true;
    uint64_t size = target->pointers ? 8 : rp_btf_size(target->btf, target->id);
    out->size = (unsigned)(size * elements);
    return size && out->size / elements == size;
}

bool rp_type_describe(const struct rp_btf_type *type, struct rp_expression *out) {
    struct rp_btf_type target = *type;
    if (!spell(type, out->type, sizeof(out->type)))
        return false;
    out->is_signed = out->is_array = false;
    if (follow(&target))
        return describe_pointer(type, &target, out);
    const struct btf_type *t = base_of(type);
    out->size = (unsigned)rp_btf_size(type->btf, type->id);
    if (btf_is_composite(t)) {
        out->shape = RP_SHAPE_STRUCT;
        return true;
    }
    out->shape = RP_SHAPE_INT;
    out->is_signed = (btf_is_int(t) && (btf_int_encoding(t) & BTF_INT_SIGNED)) ||
                     (btf_is_any_enum(t) && btf_kflag(t));
    return (btf_is_int(t) || btf_is_any_enum(t)) && out->size && out->size <= 8;
}

bool rp_path_type(const struct rp_arguments *arguments, struct rp_expression *expression) {
    const char *text = expression->text;
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_token token = rp_lex(&lexer);
    RP_AUTO_FREE char *name = token.kind == RP_TOKEN_IDENT ? strndup(token.text, token.len) : NULL;
    if (!name)
        return false;
    const struct rp_argument *argument = rp_argument_find(arguments, name);
    const struct rp_builtin *builtin = rp_builtin_find(name);
    const char *type = argument                                    ? argument->type
                       : !strcmp(name, "ret") && arguments->result ? arguments->result
                       : builtin                                   ? builtin->type
                                                                   : NULL;
    struct rp_btf_type at;
    return type && rp_type_find(type, &at) && walk(&lexer, &at) &&
           rp_type_describe(&at, expression);
}
