/* SPDX-License-Identifier: Apache-2.0 */
/* Types as C names them: "const struct file *", "char [16]", "int (*)(void *, int)". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "query/tree/c_type.h"
#include "query/tree/type_name.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

static struct rp_token peek(const struct rp_lexer *lexer) {
    struct rp_lexer ahead = *lexer;
    return rp_lex(&ahead);
}

static bool is_qualifier(const struct rp_token *token) {
    static const char *const words[] = {"const",   "volatile", "restrict", "__restrict",
                                        "__user",  "__kernel", "__rcu",    "__percpu",
                                        "__force", "__iomem"};
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_token_is(token, words[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------ C's own words */

struct words {
    unsigned count, longs;
    bool is_signed, is_unsigned, is_short, is_int, is_char;
    char other[16]; /* void, bool, … */
};

static bool take_word(struct words *words, const struct rp_token *token) {
    static const char *const others[] = {"void", "bool", "_Bool", "float", "double", "__int128"};
    bool known = true;
    if (rp_token_is(token, "long"))
        words->longs++;
    else if (rp_token_is(token, "unsigned"))
        words->is_unsigned = true;
    else if (rp_token_is(token, "signed") || rp_token_is(token, "__signed__"))
        words->is_signed = true;
    else if (rp_token_is(token, "short"))
        words->is_short = true;
    else if (rp_token_is(token, "int"))
        words->is_int = true;
    else if (rp_token_is(token, "char"))
        words->is_char = true;
    else
        known = false;
    for (size_t i = 0; i < RP_COUNT(others) && !known && !*words->other; i++)
        if (rp_token_is(token, others[i])) {
            snprintf(words->other, sizeof(words->other), "%s", others[i]);
            known = true;
        }
    words->count += known;
    return known;
}

/* NULL: C has no such type ("short char"). */
static const struct rp_c_type *type_of_words(const struct words *w) {
    const char *before = w->is_unsigned ? "unsigned " : "";
    const char *word = *w->other       ? w->other
                       : w->is_char    ? "char"
                       : w->is_short   ? "short"
                       : w->longs == 2 ? "long long"
                       : w->longs == 1 ? "long"
                                       : "int";
    bool is_double = !strcmp(w->other, "double"), is_int128 = !strcmp(w->other, "__int128");
    unsigned kinds = (*w->other ? 1 : 0) + w->is_char + w->is_short + (w->longs ? 1 : 0);
    if (is_double && w->longs == 1)
        return kinds == 2 ? rp_c_type_basic("long double") : NULL;
    if (kinds > 1 || w->longs > 2 || (w->is_signed && w->is_unsigned) ||
        (*w->other && !is_int128 && (*before || w->is_signed || w->is_int)))
        return NULL;
    if (w->is_char && w->is_signed)
        before = "signed ";
    char name[48];
    snprintf(name, sizeof(name), "%s%s", before, word);
    return rp_c_type_basic(name);
}

/* ------------------------------------------------------------------ the kernel's */

static struct rp_error *no_type(struct rp_c_types *types, const char *word, const char *name) {
    bool tag = *word;
    RP_AUTO_FREE char *why = rp_text("this kernel has no %s %s", tag ? word : "type", name);
    struct rp_error *err = rp_error_new(EINVAL, why, "cannot read the type");
    struct rp_nearest nearest = {.wanted = name};
    for (size_t i = 0; types->kernel && i < types->kernel->nameable.count; i++) {
        const struct btf_type *t =
            rp_btf_entry_type(types->kernel, &types->kernel->nameable.items[i]);
        bool wanted = tag ? btf_is_composite(t) || btf_is_any_enum(t) : btf_is_typedef(t);
        if (wanted && *rp_btf_name(types->kernel, t))
            rp_nearest_add(&nearest, rp_btf_name(types->kernel, t));
    }
    RP_AUTO_FREE char *prefix = tag ? rp_text("%s ", word) : NULL;
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, prefix ? prefix : "");
    rp_nearest_clear(&nearest);
    return near ? rp_error_hint_set(err, "did you mean %s?", near) : err;
}

static unsigned tag_kind(const struct rp_token *token) {
    return rp_token_is(token, "struct")  ? BTF_KIND_STRUCT
           : rp_token_is(token, "union") ? BTF_KIND_UNION
           : rp_token_is(token, "enum")  ? BTF_KIND_ENUM
                                         : 0;
}

static const struct rp_c_type *find_typedef(struct rp_c_types *types,
                                            const struct rp_token *token) {
    RP_AUTO_FREE char *name = strndup(token->text, token->len);
    if (!name)
        return NULL;
    const struct rp_c_type *type = rp_c_type_find(types, name, BTF_KIND_TYPEDEF);
    return type ? type : rp_c_type_basic(name);
}

bool rp_type_name_begins(struct rp_c_types *types, const struct rp_token *token) {
    struct words words = {0};
    return token->kind == RP_TOKEN_IDENT &&
           (is_qualifier(token) || tag_kind(token) || take_word(&words, token) ||
            find_typedef(types, token));
}

static struct rp_error *take_tag(struct rp_c_types *types, struct rp_lexer *lexer,
                                 const struct rp_token *word, const struct rp_c_type **out) {
    struct rp_token tag = peek(lexer);
    RP_AUTO_FREE char *name = strndup(tag.text, tag.len), *kind = strndup(word->text, word->len);
    if (!name || !kind)
        return rp_error_nomem();
    if (tag.kind != RP_TOKEN_IDENT)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "a name is missing behind it", "cannot read the type"),
            "%s NAME *", kind);
    rp_lex(lexer);
    *out = rp_c_type_find(types, name, tag_kind(word));
    return *out ? NULL : no_type(types, kind, name);
}

struct rp_error *rp_type_name_take_base(struct rp_c_types *types, struct rp_lexer *lexer,
                                        const struct rp_c_type **out) {
    struct words words = {0};
    *out = NULL;
    for (struct rp_token token = peek(lexer); token.kind == RP_TOKEN_IDENT; token = peek(lexer)) {
        if (is_qualifier(&token) || (!*out && take_word(&words, &token))) {
            rp_lex(lexer);
        } else if (*out || words.count) {
            break;
        } else if (tag_kind(&token)) {
            rp_lex(lexer);
            RP_TRY(take_tag(types, lexer, &token, out));
        } else {
            rp_lex(lexer);
            *out = find_typedef(types, &token);
            RP_AUTO_FREE char *name = *out ? NULL : strndup(token.text, token.len);
            if (!*out)
                return name ? no_type(types, "", name) : rp_error_nomem();
        }
    }
    if (!*out && words.count)
        *out = type_of_words(&words);
    return *out ? NULL : rp_error_new(EINVAL, "C has no such type", "cannot read the type");
}

/* ------------------------------------------------------------------ what stands behind it */

static const struct rp_c_type *take_stars(struct rp_c_types *types, struct rp_lexer *lexer,
                                          const struct rp_c_type *type) {
    for (struct rp_token token = peek(lexer); type; token = peek(lexer)) {
        if (rp_token_is(&token, "*"))
            type = rp_c_pointer_to(types, type);
        else if (!is_qualifier(&token))
            break;
        rp_lex(lexer);
    }
    return type;
}

/* "[16]", "[2][3]", "[]": of the innermost first. */
static struct rp_error *take_arrays(struct rp_c_types *types, struct rp_lexer *lexer,
                                    const struct rp_c_type **type) {
    struct rp_token open = peek(lexer);
    if (!rp_token_is(&open, "["))
        return NULL;
    rp_lex(lexer);
    struct rp_token size = rp_lex(lexer);
    uint64_t elements = 0;
    if (size.kind == RP_TOKEN_NUMBER) {
        elements = strtoull(size.text, NULL, 0);
        size = rp_lex(lexer);
    }
    if (!rp_token_is(&size, "]") || elements > UINT32_MAX)
        return rp_error_new(EINVAL, "an array's size is a number here", "cannot read the type");
    RP_TRY(take_arrays(types, lexer, type));
    *type = rp_c_array_of(types, *type, elements);
    return *type ? NULL : rp_error_nomem();
}

/* "(*)(PARAMETERS)" and "(*)[N]" */
static struct rp_error *take_inner(struct rp_c_types *types, struct rp_lexer *lexer,
                                   const struct rp_c_type **type) {
    struct rp_lexer ahead = *lexer;
    struct rp_token open = rp_lex(&ahead), star = rp_lex(&ahead);
    if (!rp_token_is(&open, "(") || !rp_token_is(&star, "*"))
        return NULL;
    struct rp_lexer stars = *lexer;
    rp_lex(&stars);
    while (star.kind != RP_TOKEN_END && !rp_token_is(&star, ")"))
        star = rp_lex(&ahead);
    struct rp_token behind = peek(&ahead);
    if (rp_token_is(&behind, "(")) {
        struct rp_lexer parameters = ahead;
        rp_skip_parentheses(&ahead);
        const char *from = peek(&parameters).text + 1, *to = ahead.p - 1;
        struct rp_c_type *function = rp_arena_alloc(&types->arena, sizeof(*function));
        const char *list =
            to > from ? rp_arena_copy(&types->arena, from, (size_t)(to - from)) : "void";
        if (!function || !list)
            return rp_error_nomem();
        *function = (struct rp_c_type){.kind = RP_C_FUNCTION, .name = list, .to = *type};
        *type = function;
    } else {
        RP_TRY(take_arrays(types, &ahead, type));
    }
    *type = take_stars(types, &stars, *type);
    struct rp_token close = rp_lex(&stars);
    *lexer = ahead;
    if (*type && !rp_token_is(&close, ")"))
        return rp_error_new(EINVAL, "it is too complicated", "cannot read the type");
    return *type ? NULL : rp_error_nomem();
}

struct rp_error *rp_type_name_take(struct rp_c_types *types, struct rp_lexer *lexer,
                                   const struct rp_c_type **out) {
    RP_TRY(rp_type_name_take_base(types, lexer, out));
    *out = take_stars(types, lexer, *out);
    if (!*out)
        return rp_error_nomem();
    RP_TRY(take_inner(types, lexer, out));
    return take_arrays(types, lexer, out);
}

struct rp_error *rp_c_type_parse(struct rp_c_types *types, const char *text,
                                 const struct rp_c_type **out) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_error *err = rp_type_name_take(types, &lexer, out);
    if (!err && rp_lex(&lexer).kind != RP_TOKEN_END)
        err = rp_error_new(EINVAL, "there is more than a type's name", "cannot read the type");
    return err ? rp_error_what_set(err, "cannot read the type `%s`", text) : NULL;
}

struct rp_error *rp_c_type_parse_builtin(struct rp_c_types *types, const char *text,
                                         const struct rp_c_type **out) {
    const struct rp_debug *debug = types->debug;
    unsigned programs = types->program_count;
    types->debug = NULL;
    types->program_count = 0;
    struct rp_error *err = rp_c_type_parse(types, text, out);
    types->debug = debug;
    types->program_count = programs;
    return err;
}
