/* SPDX-License-Identifier: Apache-2.0 */
#include "query/own_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

const char *const RP_OWN_TEXT_NOMEM = "there is no memory for it";

void rp_own_text_clear(struct rp_own_text *text) {
    for (size_t i = 0; i < text->count; i++) {
        free(text->items[i].text);
        free(text->items[i].expr);
    }
    rp_vec_clear(text);
}

/* ------------------------------------------------------------------ text */

/* The character that the escape behind a backslash means; 0: there is no such one. */
static char escape(char c) {
    static const char escapes[] = "n\nt\tr\ra\ae\033\\\\\"\"{{}}";
    for (const char *e = escapes; *e; e += 2)
        if (*e == c)
            return e[1];
    return '\0';
}

/* Up to a brace or the end. */
static const char *take_text(const char **at, const char *end, struct rp_own_piece *piece) {
    piece->text = calloc(1, (size_t)(end - *at) + 1);
    if (!piece->text)
        return RP_OWN_TEXT_NOMEM;
    for (char *to = piece->text; *at < end && **at != '{'; (*at)++) {
        if (**at == '}')
            return "this '}' closes nothing; \\} is a brace";
        if (**at != '\\') {
            *to++ = **at;
            continue;
        }
        *to = escape((*at)[1]);
        if (!*to++)
            return "there is no such escape; there are \\n \\t \\r \\a \\e \\\\ \\\" \\{ \\}";
        (*at)++;
    }
    return NULL;
}

/* ------------------------------------------------------------------ expressions */

/* What is between the braces, with \" as "; malloc()ed. *at is behind them then. */
static char *take_braces(const char **at, const char *end) {
    size_t length = 0;
    char *inside = calloc(1, (size_t)(end - *at));
    for (const char *c = *at + 1; inside && c < end && *c != '{'; c++) {
        if (*c == '}') {
            *at = c + 1;
            return inside;
        }
        if (*c == '\\' && c[1] == '"')
            continue;
        inside[length++] = *c;
    }
    free(inside);
    return NULL;
}

/* The colon in front of a width or a look, and not one of "a ? b : c"; or NULL. */
static char *find_colon(char *inside) {
    unsigned colons = 0, questions = 0;
    char *last = NULL, quote = '\0';
    for (char *c = inside; *c; c++) {
        if (quote || strchr("'\"", *c)) {
            quote = !quote ? *c : quote == *c ? '\0' : quote;
            continue;
        }
        questions += *c == '?';
        colons += *c == ':';
        last = *c == ':' ? c : last;
    }
    return colons > questions ? last : NULL;
}

/* ":8", ":-8", ":x", ":o", or a function that shows a number: ":err". */
static const char *take_look(const char *look, const char *expr, struct rp_own_piece *piece) {
    char *end;
    long width = strtol(look, &end, 10);
    if (end > look && !*end && width && width > -200 && width < 200) {
        piece->width = (int)width;
        piece->expr = strdup(expr);
        return NULL;
    }
    for (const char *c = look; *c; c++)
        if (!isalpha((unsigned char)*c))
            return "behind the colon stands a width (8, -8), or x, o, or a function such as err";
    const char *function = !strcmp(look, "x") ? "hex" : !strcmp(look, "o") ? "oct" : look;
    piece->expr = *look ? rp_text("%s(%s)", function, expr) : NULL;
    return *look ? NULL : "a width or a look is missing behind the colon";
}

static const char *take_expression(const char **at, const char *end, struct rp_own_piece *piece) {
    RP_AUTO_FREE char *inside = take_braces(at, end);
    if (!inside)
        return "this '{' is not closed";
    char *colon = find_colon(inside);
    if (colon)
        *colon = '\0';
    char *expr = inside + strspn(inside, " "), *last = expr + strlen(expr);
    while (last > expr && last[-1] == ' ')
        *--last = '\0';
    if (!*expr)
        return "an expression is missing between the braces";
    const char *why = colon ? take_look(colon + 1, expr, piece) : NULL;
    if (!why && !colon)
        piece->expr = strdup(expr);
    return why || piece->expr ? why : RP_OWN_TEXT_NOMEM;
}

const char *rp_own_text_read(const char *quoted, size_t length, struct rp_own_text *out,
                             const char **at) {
    const char *end = quoted + length - 1;
    for (*at = quoted + 1; *at < end;) {
        struct rp_own_piece *piece = rp_vec_add(out);
        if (!piece)
            return RP_OWN_TEXT_NOMEM;
        const char *why = (**at == '{' ? take_expression : take_text)(at, end, piece);
        if (why)
            return why;
    }
    return NULL;
}
