/* SPDX-License-Identifier: Apache-2.0 */
/* What a C text mentions, defines and includes, found only from its tokens. */
#ifndef RP_COMPILE_SCAN_H
#define RP_COMPILE_SCAN_H

#include <string.h>

#include "util/names.h"

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

/* Skips the rest of a preprocessor directive, including continuation lines. */
void rp_skip_directive(struct rp_lexer *lexer);
/* Skips the group in parentheses that comes next. */
void rp_skip_parentheses(struct rp_lexer *lexer);

struct rp_scan {
    struct rp_names mentioned;   /* every identifier */
    struct rp_names defined;     /* struct, union and enum tags with a body, typedefs, enumerators,
                                    macros */
    struct rp_names declared;    /* variables, functions, maps, parameters, as far as tokens tell */
    struct rp_names tags;        /* names that follow `struct`, `union` or `enum` */
    struct rp_names includes;    /* paths, angle brackets and quotes alike */
    struct rp_names quoted;      /* only those in quotes */
    struct rp_names tracepoints; /* "category:name" of each TRACEPOINT_PROBE */
};

/* Adds the content of `text` to the scan; a zeroed scan is empty. */
void rp_scan_text(struct rp_scan *scan, const char *text, size_t len);
void rp_scan_clear(struct rp_scan *scan);

#endif
