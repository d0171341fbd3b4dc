/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lexer.h"

#include <ctype.h>
#include <string.h>

static bool ident_start(char c) {
    return isalpha((unsigned char)c) || c == '_';
}

static bool ident_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Skips a comment; most bytes of a header are in comments. */
static const char *end_of_comment(const char *p, const char *end) {
    while ((p = memchr(p, '/', (size_t)(end - p)))) {
        p++;
        if (p[-2] == '*')
            return p;
    }
    return end;
}

static void skip_blank(struct rp_lexer *lx) {
    while (lx->p < lx->end) {
        const char *p = lx->p;
        size_t left = (size_t)(lx->end - p);
        if (*p == '\n') {
            lx->line_start = true;
            lx->p++;
        } else if (isspace((unsigned char)*p)) {
            lx->p++;
        } else if (*p == '\\' && left > 1 && p[1] == '\n') {
            lx->p += 2;
        } else if (left > 1 && p[0] == '/' && p[1] == '/') {
            const char *nl = memchr(p, '\n', left);
            lx->p = nl ? nl : lx->end;
        } else if (left > 1 && p[0] == '/' && p[1] == '*') {
            lx->p = left > 3 ? end_of_comment(p + 3, lx->end) : lx->end;
        } else {
            return;
        }
    }
}

static void take_quoted(struct rp_lexer *lx, char quote) {
    lx->p++;
    while (lx->p < lx->end && *lx->p != quote && *lx->p != '\n')
        lx->p += (*lx->p == '\\' && lx->p + 1 < lx->end) ? 2 : 1;
    if (lx->p < lx->end)
        lx->p++;
}

struct rp_token rp_lex(struct rp_lexer *lx) {
    skip_blank(lx);
    struct rp_token token = {.text = lx->p, .first = lx->line_start};
    lx->line_start = false;
    if (lx->p >= lx->end)
        return token;
    char c = *lx->p;
    if (ident_start(c)) {
        token.kind = RP_TOKEN_IDENT;
        while (lx->p < lx->end && ident_char(*lx->p))
            lx->p++;
    } else if (isdigit((unsigned char)c)) {
        token.kind = RP_TOKEN_NUMBER;
        while (lx->p < lx->end && (ident_char(*lx->p) || *lx->p == '.'))
            lx->p++;
    } else if (c == '"' || c == '\'') {
        token.kind = RP_TOKEN_STRING;
        take_quoted(lx, c);
    } else {
        token.kind = RP_TOKEN_PUNCT;
        lx->p++;
    }
    token.len = (size_t)(lx->p - token.text);
    return token;
}

const char *rp_piece_end(const char *c) {
    if (rp_is_comment(c) && c[1] == '/')
        return c + strcspn(c, "\n");
    if (rp_is_comment(c)) {
        const char *end = strstr(c + 2, "*/");
        return end ? end + 2 : c + strlen(c);
    }
    if (*c != '"' && *c != '\'')
        return c + 1;
    const char *end = c + 1;
    while (*end && *end != *c && *end != '\n')
        end += *end == '\\' && end[1] ? 2 : 1;
    return *end == *c ? end + 1 : end;
}

void rp_skip_directive(struct rp_lexer *lx) {
    const char *p = lx->p;
    while (p < lx->end && (*p != '\n' || p[-1] == '\\'))
        p++;
    lx->p = p;
    lx->line_start = true;
}

void rp_skip_parentheses(struct rp_lexer *lx) {
    for (int depth = 0;;) {
        struct rp_token token = rp_lex(lx);
        depth += rp_token_is(&token, "(") - rp_token_is(&token, ")");
        if (token.kind == RP_TOKEN_END || depth <= 0)
            return;
    }
}
