/* SPDX-License-Identifier: Apache-2.0 */
/* From C's text to a tree: operands, and operators by their precedence. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/source.h"
#include "query/tree/build.h"
#include "query/tree/habits.h"
#include "query/tree/type_name.h"
#include "record/look.h"
#include "util/array.h"
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
    const char *habit = rp_habit_hint(name, strlen(name));
    if (habit)
        return rp_error_hint_set(err, "%s", habit);
    struct rp_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < p->scope->count; i++)
        rp_nearest_add(&nearest, p->scope->variables[i].name);
    for (size_t i = 0; i < p->scope->shorthand_count; i++)
        rp_nearest_add(&nearest, p->scope->shorthands[i].name);
    if (isupper((unsigned char)*name))
        add_macros(&nearest);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if (near)
        return rp_error_hint_set(err, "did you mean %s?", near);
    if (p->scope->untyped)
        return rp_error_hint_set(err, "%s", p->scope->untyped);
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
                     : rp_parse_error(p, token->text, "%s has no %s `%s`%s", p->scope->owner, noun,
                                      name, p->scope->untyped ? "" : ", as it has none at all");
    return hint_of_unknown(p, err, name);
}

/* What is named is the variable, or what it leads to. */
static struct rp_error *take_variable(struct rp_parser *p, const struct rp_token *name,
                                      const struct rp_variable *variable,
                                      const struct rp_node **out) {
    RP_TRY(rp_build_variable(p, name, variable, out));
    for (unsigned i = 0; i < variable->leads; i++)
        RP_TRY(rp_build_index(p, *out, NULL, name->text, name->text + name->len, out));
    return NULL;
}

/* As compilers have it: an int if that holds it, otherwise a number of the enum's own type. */
static const struct rp_c_type *enumerator_type(const struct rp_c_type *own, int64_t value) {
    if (own->size <= sizeof(int) || own->is_signed)
        return value == (int)value ? &rp_c_int : own->is_signed ? &rp_c_long : &rp_c_unsigned;
    return value >= 0 && value <= INT_MAX ? &rp_c_int : &rp_c_unsigned_long;
}

static const char *enumerator_text(const struct rp_parser *p, const struct rp_c_type *type,
                                   int64_t value) {
    const char *format = !type->is_signed ? "%juU" : value < 0 ? "(%jd)" : "%jd";
    return rp_arena_text(&p->scope->types->arena, format, (intmax_t)value);
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
        return take_variable(p, name, variable, out);
    const char *text = rp_arena_copy(&p->scope->types->arena, name->text, name->len);
    const struct rp_c_type *type;
    int64_t value;
    if (!text)
        return rp_error_nomem();
    RP_TRY(rp_shorthand_name(p, name, out));
    if (!*out)
        RP_TRY(rp_macro_name(p, name, out));
    if (*out)
        return NULL;
    if (rp_c_enumerator_find(p->scope->types, text, &value, &type)) {
        const struct rp_c_type *own = type;
        type = enumerator_type(own, value);
        if (own->is_own) /* which no program knows */
            text = enumerator_text(p, type, value);
        return text ? rp_build_constant(p, name, type, value, text, out) : rp_error_nomem();
    }
    return unknown_name(p, name);
}

/* ------------------------------------------------------------------ types */

/* Whether what comes is a type's name. */
static bool at_type(struct rp_parser *p) {
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

/* Takes a name, a constant, a call or what is in brackets. */
static struct rp_error *take_primary(struct rp_parser *p, const struct rp_node **out) {
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

/* Of brackets, operators without an end: the parser calls itself. */
#define DEPTH_MAX 100

/* ------------------------------------------------------------------ members, calls, casts */

static struct rp_error *take_member(struct rp_parser *p, bool arrow, const struct rp_node **node) {
    rp_parse_skip(p, arrow ? 2 : 1);
    struct rp_token name = rp_parse_peek(p);
    if (name.kind != RP_TOKEN_IDENT)
        return rp_parse_error(p, name.text, "the name of a member is missing here");
    rp_parse_skip(p, 1);
    return rp_build_member(p, *node, arrow, &name, node);
}

static struct rp_error *take_index(struct rp_parser *p, const struct rp_node **node) {
    const struct rp_node *index;
    rp_parse_skip(p, 1);
    RP_TRY(p->expression(p, &index));
    RP_TRY(rp_parse_expect(p, "]"));
    return rp_build_index(p, *node, index, (*node)->text, p->lexer.p, node);
}

static struct rp_error *take_postfix(struct rp_parser *p, const struct rp_node **out) {
    struct rp_error *err = take_primary(p, out);
    if (err || !*out)
        return err;
    for (;;) {
        if (rp_parse_at(p, "["))
            RP_TRY(take_index(p, out));
        else if (rp_parse_at_operator(p, "->") || rp_parse_at(p, "."))
            RP_TRY(take_member(p, !rp_parse_at(p, "."), out));
        else
            return NULL;
    }
}

static struct rp_error *take_sizeof(struct rp_parser *p, const char *from,
                                    const struct rp_node **out) {
    struct rp_token open = rp_parse_peek(p);
    const struct rp_c_type *type;
    struct rp_parser behind = *p;
    rp_lex(&behind.lexer);
    if (rp_token_is(&open, "(") && at_type(&behind)) {
        rp_parse_skip(p, 1);
        RP_TRY(rp_parse_type(p, &type));
        RP_TRY(rp_parse_expect(p, ")"));
    } else {
        const struct rp_node *a;
        RP_TRY(p->operand(p, &a));
        if (a->bits)
            return rp_parse_error(p, from, "a bit field has no size in bytes");
        type = a->kind == RP_NODE_STRING
                   ? rp_c_array_of(p->scope->types, &rp_c_char, a->byte_count + 1)
                   : a->type;
    }
    if (!type)
        return rp_error_nomem();
    if (!type->size)
        return rp_parse_error(p, from, "its size is not known");
    const char *name = rp_arena_text(&p->scope->types->arena, "%juUL", (uintmax_t)type->size);
    struct rp_token whole = {.text = from, .len = (size_t)(p->lexer.p - from)};
    return name ? rp_build_constant(p, &whole, &rp_c_unsigned_long, (int64_t)type->size, name, out)
                : rp_error_nomem();
}

static struct rp_error *take_cast(struct rp_parser *p, const char *from,
                                  const struct rp_node **out) {
    const struct rp_c_type *type;
    const struct rp_node *a;
    rp_parse_skip(p, 1);
    RP_TRY(rp_parse_type(p, &type));
    RP_TRY(rp_parse_expect(p, ")"));
    RP_TRY(p->operand(p, &a));
    return rp_build_cast(p, type, a, from, out);
}

static struct rp_error *take_unary_operator(struct rp_parser *p, const struct rp_token *token,
                                            const struct rp_node **out) {
    const struct rp_node *a;
    rp_parse_skip(p, 1);
    RP_TRY(p->operand(p, &a));
    switch (*token->text) {
    case '*':
        return rp_build_index(p, a, NULL, token->text, rp_node_end(a), out);
    case '&':
        return rp_build_address(p, a, token->text, out);
    case '-':
        return rp_build_unary(p, RP_OP_MINUS, a, token->text, out);
    case '!':
        return rp_build_unary(p, RP_OP_NOT, a, token->text, out);
    case '~':
        return rp_build_unary(p, RP_OP_INVERT, a, token->text, out);
    default:
        *out = a; /* + */
        return rp_build_check_scalar(p, a);
    }
}

static struct rp_error *take_unary(struct rp_parser *p, const struct rp_node **out) {
    struct rp_token token = rp_parse_peek(p);
    struct rp_parser behind = *p;
    rp_lex(&behind.lexer);
    if (rp_token_is(&token, "sizeof")) {
        rp_parse_skip(p, 1);
        return take_sizeof(p, token.text, out);
    }
    if (rp_token_is(&token, "(") && at_type(&behind))
        return take_cast(p, token.text, out);
    bool changes = rp_parse_at_operator(p, "++") || rp_parse_at_operator(p, "--");
    if (token.kind == RP_TOKEN_PUNCT && strchr("*&-+!~", *token.text) && !changes)
        return take_unary_operator(p, &token, out);
    return take_postfix(p, out);
}

static struct rp_error *take_operand(struct rp_parser *p, const struct rp_node **out) {
    if (p->depth >= DEPTH_MAX)
        return rp_parse_error(p, rp_parse_peek(p).text, "this is too deep");
    p->depth++;
    struct rp_error *err = take_unary(p, out);
    p->depth--;
    return err;
}

/* ------------------------------------------------------------------ operators between two */

/* The longer ones first. */
static const struct operator{
    const char *text;
    enum rp_op op;
    unsigned precedence;
}
operators[] = {
    {"<<", RP_OP_SHIFT_LEFT, 8}, {">>", RP_OP_SHIFT_RIGHT, 8},
    {"<=", RP_OP_LESS_EQUAL, 7}, {">=", RP_OP_GREATER_EQUAL, 7},
    {"==", RP_OP_EQUAL, 6},      {"!=", RP_OP_UNEQUAL, 6},
    {"&&", RP_OP_BOTH, 2},       {"||", RP_OP_ANY, 1},
    {"*", RP_OP_MULTIPLY, 10},   {"/", RP_OP_DIVIDE, 10},
    {"%", RP_OP_REMAINDER, 10},  {"+", RP_OP_ADD, 9},
    {"-", RP_OP_SUBTRACT, 9},    {"<", RP_OP_LESS, 7},
    {">", RP_OP_GREATER, 7},     {"&", RP_OP_AND, 5},
    {"^", RP_OP_XOR, 4},         {"|", RP_OP_OR, 3},
    {"~", RP_OP_MATCHES, 6},     {"!~", RP_OP_NOT, 6},
};

static const struct operator* peek_operator(const struct rp_parser *p) {
    static const char *const others[] = {"++", "--", "->"};
    for (size_t i = 0; i < RP_COUNT(others); i++)
        if (rp_parse_at_operator(p, others[i]))
            return NULL;
    for (size_t i = 0; i < RP_COUNT(operators); i++)
        if (rp_parse_at_operator(p, operators[i].text)) {
            /* "+=", "<<=" */
            size_t length = strlen(operators[i].text);
            const char *behind = rp_parse_peek(p).text + length;
            bool compares = operators[i].precedence == 6 || operators[i].precedence == 7;
            bool sets = behind < p->lexer.end && *behind == '=' && (!compares || length == 1) &&
                        operators[i].precedence > 2;
            return sets ? NULL : &operators[i];
        }
    return NULL;
}

/* a ~ "pattern", a !~ "pattern" */
static struct rp_error *build_match(const struct rp_parser *p, enum rp_op op,
                                    const struct rp_node *b, const struct rp_node **out) {
    const char *from = (*out)->text, *to = rp_node_end(b);
    if (b->kind != RP_NODE_STRING)
        return rp_error_hint_set(rp_parse_error_at(p, b, "this is not a pattern in quotes"),
                                 "%.*s ~ \"/etc/*\"", (int)(*out)->length, (*out)->text);
    RP_TRY(rp_build_compare(p, RP_OP_MATCHES, from, to, *out, b, out));
    return op == RP_OP_NOT ? rp_build_unary(p, RP_OP_NOT, *out, from, out) : NULL;
}

/* "part" in a */
static struct rp_error *take_part(struct rp_parser *p, const struct rp_node **out) {
    const struct rp_node *text, *part = *out;
    rp_parse_skip(p, 1);
    RP_TRY(p->operand(p, &text));
    return rp_build_compare(p, RP_OP_HAS, part->text, rp_node_end(text), text, part, out);
}

static bool at_part(const struct rp_parser *p, const struct rp_node *left) {
    struct rp_token token = rp_parse_peek(p);
    return left->kind == RP_NODE_STRING && rp_token_is(&token, "in");
}

static struct rp_error *take_binary(struct rp_parser *p, unsigned least,
                                    const struct rp_node **out) {
    RP_TRY(p->operand(p, out));
    if (at_part(p, *out))
        RP_TRY(take_part(p, out));
    for (;;) {
        const struct operator* operator= peek_operator(p);
        if (!operator|| operator->precedence<least)
            return NULL;
        const char *sign = rp_parse_peek(p).text;
        rp_parse_skip(p, strlen(operator->text));
        const struct rp_node *b;
        bool wants_text = p->wants_text;
        p->wants_text = operator->precedence == 6 &&(*out)->is_text;
        RP_TRY(take_binary(p, operator->precedence + 1, &b));
        p->wants_text = wants_text;
        if (operator->op == RP_OP_MATCHES || operator->op == RP_OP_NOT)
            RP_TRY(build_match(p, operator->op, b, out));
        else
            RP_TRY(rp_build_binary(p, operator->op, sign, *out, b, out));
    }
}

static struct rp_error *take_expression(struct rp_parser *p, const struct rp_node **out) {
    RP_TRY(take_binary(p, 1, out));
    if (!rp_parse_at(p, "?"))
        return NULL;
    const struct rp_node *b, *c;
    rp_parse_skip(p, 1);
    if (p->depth >= DEPTH_MAX)
        return rp_parse_error(p, rp_parse_peek(p).text, "this is too deep");
    p->depth++;
    RP_TRY(p->expression(p, &b));
    RP_TRY(rp_parse_expect(p, ":"));
    RP_TRY(p->expression(p, &c));
    p->depth--;
    return rp_build_condition(p, *out, b, c, out);
}

/* ------------------------------------------------------------------ all of it */

/* The lexer takes a comment without an end for one up to the end. */
static struct rp_error *check_comments(const struct rp_parser *p) {
    char quote = '\0';
    for (const char *c = p->text; *c; c++) {
        if (quote && *c == '\\' && c[1])
            c++;
        else if (quote)
            quote = *c == quote ? '\0' : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (*c == '/' && c[1] == '*') {
            const char *end = strstr(c + 2, "*/");
            if (!end)
                return rp_parse_error(p, c, "the comment is unterminated");
            c = end + 1;
        }
    }
    return NULL;
}

/* "in us" */
static struct rp_error *take_unit(struct rp_parser *p, const struct rp_node **out) {
    rp_parse_skip(p, 1);
    struct rp_token unit = rp_parse_peek(p);
    if (unit.kind != RP_TOKEN_IDENT || !rp_unit_factor(unit.text, unit.len))
        return rp_error_hint_set(rp_parse_error(p, unit.text, "this is not a unit"),
                                 "units are ns us ms s m h, B kB MB GB KiB MiB GiB TiB");
    rp_parse_skip(p, 1);
    const char *look = rp_arena_text(&p->scope->types->arena, "in:%.*s", (int)unit.len, unit.text);
    return look ? rp_build_look(p, *out, look, out) : rp_error_nomem();
}

/* "as NAME" */
static struct rp_error *take_alias(struct rp_parser *p, const struct rp_node **out) {
    rp_parse_skip(p, 1);
    struct rp_token name = rp_parse_peek(p);
    if (name.kind != RP_TOKEN_IDENT)
        return rp_parse_error(p, name.text, "the name behind `as` is missing here");
    rp_parse_skip(p, 1);
    RP_TRY(rp_build_shown(p, *out, out));
    struct rp_node *node = rp_node_new(p, (*out)->kind, (*out)->text, rp_node_end(*out));
    const char *alias = rp_arena_copy(&p->scope->types->arena, name.text, name.len);
    if (!node || !alias)
        return rp_error_nomem();
    *node = **out;
    node->alias = alias;
    *out = node;
    return NULL;
}

/* What stands behind a whole expression: how it is shown. */
static struct rp_error *take_shown(struct rp_parser *p, const struct rp_node **out) {
    struct rp_token token = rp_parse_peek(p);
    if (rp_token_is(&token, "in"))
        RP_TRY(take_unit(p, out));
    token = rp_parse_peek(p);
    return rp_token_is(&token, "as") ? take_alias(p, out) : NULL;
}

struct rp_error *rp_tree_parse(const struct rp_scope *scope, const char *text,
                               const struct rp_node **out) {
    struct rp_parser p = {
        .scope = scope,
        .text = text,
        .lexer = {.p = text, .end = text + strlen(text)},
        .expression = take_expression,
        .operand = take_operand,
        .shown = rp_build_shown,
    };
    if (!text[strspn(text, " \t\r\n")])
        return rp_error_new(EINVAL, "it is empty", "cannot read an expression");
    RP_TRY(check_comments(&p));
    RP_TRY(p.expression(&p, out));
    RP_TRY(take_shown(&p, out));
    struct rp_token token = rp_parse_peek(&p);
    if (token.kind == RP_TOKEN_END)
        return rp_build_shown(&p, *out, out);
    RP_TRY(rp_parse_out_of_place(&p, &token));
    return rp_parse_error(&p, token.text, "an operator is missing before this");
}
