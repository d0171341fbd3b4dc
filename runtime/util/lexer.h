/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a C text. */
#ifndef RP_UTIL_LEXER_H
#define RP_UTIL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum rp_token_kind {
    RP_TOKEN_END,
    RP_TOKEN_IDENT,
    RP_TOKEN_NUMBER,
    RP_TOKEN_STRING,
    RP_TOKEN_PUNCT
};

struct rp_token {
    enum rp_token_kind kind;
    const char *text;
    size_t len;
    bool first; /* the first of its line: a '#' here begins a directive */
};

struct rp_lexer {
    const char *p, *end;
    bool line_start;
};

/* Skips comments and line continuations; a text that is cut short ends the stream. */
struct rp_token rp_lex(struct rp_lexer *lexer);
static inline bool rp_token_is(const struct rp_token *token, const char *text) {
    size_t len = strlen(text);
    return token->len == len && memcmp(token->text, text, len) == 0;
}

/* The end of the comment, string or character that begins here, or of one other byte; before the
 * text's final NUL. */
const char *rp_piece_end(const char *c);
static inline bool rp_is_comment(const char *c) {
    return c[0] == '/' && (c[1] == '/' || c[1] == '*');
}
/* Skips the rest of a preprocessor directive, including continuation lines. */
void rp_skip_directive(struct rp_lexer *lexer);
/* Skips the group in parentheses that comes next. */
void rp_skip_parentheses(struct rp_lexer *lexer);

#endif
