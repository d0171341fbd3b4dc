/* SPDX-License-Identifier: Apache-2.0 */
/* A question's text token by token, and what is said when one is not in its place. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/type_name.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------------ errors */

static struct rp_error *error_of(const struct rp_parser *p, const char *at, const char *fmt,
                                 va_list args) RP_PRINTF(3, 0);
static struct rp_error *error_of(const struct rp_parser *p, const char *at, const char *fmt,
                                 va_list args) {
    for (; p->outer; p = p->outer)
        at = p->used;
    int columns = 0;
    for (const char *c = p->text; c < at && *c; c++)
        columns += (*c & 0xc0) != 0x80; /* not the later bytes of a character */
    RP_AUTO_FREE char *message = rp_text_of(fmt, args);
    RP_AUTO_FREE char *why = rp_text("%s\n  %s\n  %*s^", message, p->text, columns, "");
    return why ? rp_error_new(EINVAL, why, "cannot read `%s`", p->text) : rp_error_nomem();
}

struct rp_error *rp_parse_error(const struct rp_parser *p, const char *at, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    struct rp_error *err = error_of(p, at, fmt, args);
    va_end(args);
    return err;
}

struct rp_error *rp_parse_error_at(const struct rp_parser *p, const struct rp_node *node,
                                   const char *fmt, ...) {
    while (p->outer) /* a node of a macro's has the place where that was used */
        p = p->outer;
    va_list args;
    va_start(args, fmt);
    struct rp_error *err = error_of(p, node->text, fmt, args);
    va_end(args);
    return err;
}

/* ------------------------------------------------------------------ tokens */

struct rp_token rp_parse_peek(const struct rp_parser *p) {
    struct rp_lexer ahead = p->lexer;
    return rp_lex(&ahead);
}

bool rp_parse_at(const struct rp_parser *p, const char *punctuation) {
    struct rp_token token = rp_parse_peek(p);
    return rp_token_is(&token, punctuation);
}

/* Whether what comes next begins with these characters, as one operator. */
bool rp_parse_at_operator(const struct rp_parser *p, const char *operator) {
    struct rp_token token = rp_parse_peek(p);
    size_t length = strlen(operator);
    return token.kind == RP_TOKEN_PUNCT && (size_t)(p->lexer.end - token.text) >= length &&
           !memcmp(token.text, operator, length);
}

void rp_parse_skip(struct rp_parser *p, size_t tokens) {
    while (tokens--)
        rp_lex(&p->lexer);
}

/* Why the token cannot go on or end the expression. */
struct rp_error *rp_parse_out_of_place(const struct rp_parser *p, const struct rp_token *token) {
    static const char *const changes[] = {
        "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--", "<<=", ">>="};
    if (token->kind == RP_TOKEN_END)
        return rp_parse_error(p, token->text, "an expression is missing here");
    for (size_t i = 0; i < RP_COUNT(changes); i++) {
        if (!rp_parse_at_operator(p, changes[i]) || rp_parse_at_operator(p, "=="))
            continue;
        struct rp_error *err =
            rp_parse_error(p, token->text, "an expression can read, but not change anything");
        return strchr(changes[i], '=') ? rp_error_hint_set(err, "two values are compared by ==")
                                       : err;
    }
    if (rp_token_is(token, ")") || rp_token_is(token, "]"))
        return rp_parse_error(p, token->text, "there is nothing open that this closes");
    if (token->kind == RP_TOKEN_PUNCT && strchr(";{}#\\@$`", *token->text))
        return rp_parse_error(p, token->text, "this has no place in an expression");
    return NULL;
}

struct rp_error *rp_parse_expect(struct rp_parser *p, const char *punctuation) {
    struct rp_token token = rp_parse_peek(p);
    if (rp_token_is(&token, punctuation)) {
        rp_parse_skip(p, 1);
        return NULL;
    }
    if (token.kind != RP_TOKEN_END)
        RP_TRY(rp_parse_out_of_place(p, &token));
    return rp_parse_error(p, token.text, "a %s is missing", punctuation);
}

/* ------------------------------------------------------------------ types */

struct rp_error *rp_parse_type(struct rp_parser *p, const struct rp_c_type **out) {
    const char *from = rp_parse_peek(p).text;
    struct rp_error *err = rp_type_name_take(p->scope->types, &p->lexer, out);
    if (!err)
        return NULL;
    struct rp_error *whole = rp_parse_error(p, from, "%s", rp_error_why(err));
    if (rp_error_hint(err))
        whole = rp_error_hint_set(whole, "%s", rp_error_hint(err));
    rp_error_free(err);
    return whole;
}
