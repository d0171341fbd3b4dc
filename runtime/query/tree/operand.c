/* SPDX-License-Identifier: Apache-2.0 */
/* What operators stand between: names, constants, what is in brackets. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/source.h"
#include "query/tree/build.h"
#include "query/tree/type_name.h"
#include "util/cleanup.h"
#include "util/nearest.h"

/* ------------------------------------------------------------------ names */

static const struct rp_variable *find_variable(const struct rp_parser *p,
                                               const struct rp_token *name) {
    for (size_t i = 0; i < p->scope->count; i++)
        if (rp_token_is(name, p->scope->variables[i].name))
            return &p->scope->variables[i];
    return NULL;
}

static char *names_of(const struct rp_scope *scope, int origin) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0, shown = 0; i < scope->count; i++)
        if ((int)scope->variables[i].origin == origin)
            fprintf(out, "%s%s", shown++ ? ", " : "", scope->variables[i].name);
    fclose(out);
    return text;
}

static void add_macros(struct rp_nearest *nearest) {
    struct rp_names names = {0};
    rp_source_snippet_names(&names);
    for (size_t i = 0; i < names.count; i++)
        rp_nearest_add(nearest, names.items[i]);
    rp_names_clear(&names);
}

static struct rp_error *hint_of_unknown(const struct rp_parser *p, struct rp_error *err,
                                        const char *name) {
    if (p->wants_text)
        return rp_error_hint_set(err, "text stands in quotes: \"%s\"", name);
    struct rp_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < p->scope->count; i++)
        rp_nearest_add(&nearest, p->scope->variables[i].name);
    if (isupper((unsigned char)*name))
        add_macros(&nearest);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if (near)
        return rp_error_hint_set(err, "did you mean %s?", near);
    RP_AUTO_FREE char *others = names_of(p->scope, RP_OF_TASK);
    return others && *others ? rp_error_hint_set(err,
                                                 "everywhere there are %s, and ret where "
                                                 "something returns",
                                                 others)
                             : err;
}

static struct rp_error *unknown_name(const struct rp_parser *p, const struct rp_token *token) {
    RP_AUTO_FREE char *name = strndup(token->text, token->len);
    RP_AUTO_FREE char *arguments = names_of(p->scope, RP_OF_PROBE);
    if (!name || !arguments)
        return rp_error_nomem();
    const char *noun = p->scope->noun;
    struct rp_error *err =
        !p->scope->owner ? rp_parse_error(p, token->text, "nothing is called `%s` here", name)
        : *arguments     ? rp_parse_error(p, token->text, "%s has no %s `%s`; its %ss are %s",
                                          p->scope->owner, noun, name, noun, arguments)
                     : rp_parse_error(p, token->text, "%s has no %s `%s`, as it has none at all",
                                      p->scope->owner, noun, name);
    return hint_of_unknown(p, err, name);
}

static struct rp_error *take_name(struct rp_parser *p, const struct rp_token *name,
                                  const struct rp_node **out) {
    *out = rp_macro_parameter(p, name);
    if (*out)
        return NULL;
    if (rp_parse_at(p, "("))
        return rp_parse_call(p, name, out);
    const struct rp_variable *variable = find_variable(p, name);
    if (variable)
        return rp_build_variable(p, name, variable, out);
    const char *text = rp_arena_copy(&p->scope->types->arena, name->text, name->len);
    const struct rp_c_type *type;
    int64_t value;
    if (!text)
        return rp_error_nomem();
    RP_TRY(rp_macro_name(p, name, out));
    if (*out)
        return NULL;
    if (rp_c_enumerator_find(p->scope->types, text, &value, &type)) {
        if (type->is_own) /* which no program knows */
            text = rp_arena_text(&p->scope->types->arena, "%jd", (intmax_t)value);
        type = value == (int)value ? &rp_c_int : &rp_c_long;
        return text ? rp_build_constant(p, name, type, value, text, out) : rp_error_nomem();
    }
    return unknown_name(p, name);
}

/* ------------------------------------------------------------------ types */

bool rp_parse_at_type(struct rp_parser *p) {
    struct rp_token token = rp_parse_peek(p);
    return token.kind == RP_TOKEN_IDENT && !rp_macro_parameter(p, &token) &&
           !find_variable(p, &token) && rp_type_name_begins(p->scope->types, &token);
}

/* ------------------------------------------------------------------ operands */

/* Its text is with the brackets. */
static struct rp_error *take_group(struct rp_parser *p, const struct rp_node **out) {
    const char *from = rp_parse_peek(p).text;
    bool wants_text = p->wants_text;
    rp_parse_skip(p, 1);
    p->wants_text = false;
    RP_TRY(p->expression(p, out));
    RP_TRY(rp_parse_expect(p, ")"));
    p->wants_text = wants_text;
    struct rp_node *whole = rp_node_new(p, (*out)->kind, from, p->lexer.p);
    if (!whole)
        return rp_error_nomem();
    struct rp_node text = *whole;
    *whole = **out;
    whole->text = text.text;
    whole->length = text.length;
    *out = whole;
    return NULL;
}

struct rp_error *rp_parse_primary(struct rp_parser *p, const struct rp_node **out) {
    struct rp_token token = rp_parse_peek(p);
    if (rp_token_is(&token, "("))
        return take_group(p, out);
    if (token.kind == RP_TOKEN_PUNCT || token.kind == RP_TOKEN_END) {
        struct rp_token behind = token;
        if (rp_token_is(&token, ".")) {
            struct rp_lexer ahead = p->lexer;
            rp_lex(&ahead);
            behind = rp_lex(&ahead);
        }
        if (behind.kind == RP_TOKEN_NUMBER)
            return rp_parse_error(p, token.text, "BPF has no floating point");
        RP_TRY(rp_parse_out_of_place(p, &token));
        return rp_parse_error(p, token.text, "an expression is missing here");
    }
    rp_parse_skip(p, 1);
    if (token.kind == RP_TOKEN_NUMBER)
        return rp_literal_number(p, &token, out);
    if (token.kind == RP_TOKEN_STRING)
        return rp_literal_quoted(p, &token, out);
    return take_name(p, &token, out);
}
