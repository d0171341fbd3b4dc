/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, characters and texts as C writes them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/tree/build.h"
#include "record/look.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ numbers */

struct number {
    uint64_t value;
    bool is_decimal, is_unsigned, too_large;
    unsigned longs;
    size_t length; /* what of the text was understood */
};

static unsigned digit_of(char c) {
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    return isxdigit((unsigned char)c) ? (unsigned)(tolower((unsigned char)c) - 'a') + 10 : 99;
}

static void take_digits(struct number *n, const char *text, size_t length, unsigned base) {
    for (; n->length < length && digit_of(text[n->length]) < base; n->length++) {
        unsigned digit = digit_of(text[n->length]);
        n->too_large |= n->value > (UINT64_MAX - digit) / base;
        n->value = n->value * base + digit;
    }
}

/* U, L and LL in any order, each once. */
static void take_suffix(struct number *n, const char *text, size_t length) {
    while (n->length < length) {
        char c = (char)tolower((unsigned char)text[n->length]);
        if (c == 'u' && !n->is_unsigned) {
            n->is_unsigned = true;
        } else if (c == 'l' && !n->longs) {
            n->longs = 1;
            if (n->length + 1 < length && text[n->length + 1] == text[n->length]) {
                n->longs = 2;
                n->length++;
            }
        } else {
            return;
        }
        n->length++;
    }
}

static struct number read_number(const char *text, size_t length) {
    struct number n = {0};
    unsigned base = 10;
    if (length > 1 && text[0] == '0') {
        bool hex = tolower((unsigned char)text[1]) == 'x';
        bool binary = tolower((unsigned char)text[1]) == 'b';
        base = hex ? 16 : binary ? 2 : 8;
        n.length = hex || binary ? 2 : 0;
    }
    n.is_decimal = base == 10;
    size_t before = n.length;
    take_digits(&n, text, length, base);
    if (n.length == before)
        n.length = 0;
    else
        take_suffix(&n, text, length);
    return n;
}

/* The first of C's types that has room for it (C11 6.4.4.1). */
static const struct rp_c_type *type_of(const struct number *n) {
    bool may_be_unsigned = n->is_unsigned || !n->is_decimal;
    if (!n->longs && !n->is_unsigned && n->value <= INT32_MAX)
        return &rp_c_int;
    if (!n->longs && may_be_unsigned && n->value <= UINT32_MAX)
        return &rp_c_unsigned;
    if (!n->is_unsigned && n->value <= INT64_MAX)
        return n->longs == 2 ? &rp_c_long_long : &rp_c_long;
    return n->longs == 2 ? &rp_c_unsigned_long_long : &rp_c_unsigned_long;
}

static bool is_floating(const struct rp_token *token) {
    size_t digits = strspn(token->text, "0123456789");
    return memchr(token->text, '.', token->len) ||
           (digits < token->len && tolower((unsigned char)token->text[digits]) == 'e' &&
            (digits + 1 == token->len || strchr("+-0123456789", token->text[digits + 1])));
}

/* "10ms", "1.5KiB": decimal digits, perhaps a point and more, and a unit. False: it is not that. */
static bool read_quantity(const char *text, size_t length, struct number *n) {
    uint64_t parts = 1;
    *n = (struct number){.is_decimal = true};
    take_digits(n, text, length, 10);
    size_t whole = n->length;
    if (whole && n->length < length && text[n->length] == '.') {
        n->length++;
        size_t from = n->length;
        take_digits(n, text, length, 10);
        for (; from < n->length && parts < UINT64_MAX / 10; from++)
            parts *= 10;
    }
    uint64_t factor = rp_unit_factor(text + n->length, length - n->length);
    unsigned __int128 value = (unsigned __int128)n->value * factor;
    if (!whole || !factor || value % parts)
        return false;
    n->too_large |= value / parts > UINT64_MAX;
    n->value = (uint64_t)(value / parts);
    n->length = length;
    return true;
}

static struct rp_error *take_quantity(struct rp_parser *p, const struct rp_token *token,
                                      const struct number *n, const struct rp_node **out) {
    if (n->too_large)
        return rp_parse_error(p, token->text, "the number needs more than 64 bits");
    const struct rp_c_type *type = type_of(n);
    const char *name = rp_arena_text(&p->scope->types->arena, "%ju%s", (uintmax_t)n->value,
                                     n->value > INT64_MAX ? "UL" : "");
    return name ? rp_build_constant(p, token, type, (int64_t)n->value, name, out)
                : rp_error_nomem();
}

struct rp_error *rp_literal_number(struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_node **out) {
    struct number n;
    if (read_quantity(token->text, token->len, &n))
        return take_quantity(p, token, &n, out);
    n = read_number(token->text, token->len);
    if (is_floating(token))
        return rp_error_hint_set(rp_parse_error(p, token->text, "BPF has no floating point"),
                                 "count in smaller units: x * 10 > 15 instead of x > 1.5");
    if (n.length != token->len)
        return rp_error_hint_set(
            rp_parse_error(p, token->text, "%.*s is not a number of C's", (int)token->len,
                           token->text),
            "units are ns us ms s m h, B kB MB GB KiB MiB GiB TiB: 10ms, 4KiB");
    if (n.too_large)
        return rp_parse_error(p, token->text, "the number needs more than 64 bits");
    const char *name = rp_arena_copy(&p->scope->types->arena, token->text, token->len);
    return name ? rp_build_constant(p, token, type_of(&n), (int64_t)n.value, name, out)
                : rp_error_nomem();
}

/* ------------------------------------------------------------------ what stands in quotes */

/* One character or escape at *c; \* and its like are the characters that a pattern would take for
 * others. False: C has no such escape. */
static bool take_character(const char **c, const char *end, char *out) {
    static const char escapes[] = "n\nt\tr\ra\ab\bf\fv\v\\\\\"\"''??**";
    if (**c != '\\') {
        *out = *(*c)++;
        return true;
    }
    const char *at = *c + 1;
    if (at < end && *at == 'x') {
        char *stop;
        RP_AUTO_FREE char *digits = strndup(at + 1, (size_t)(end - at - 1));
        unsigned long value = digits && isxdigit((unsigned char)*digits)
                                  ? strtoul(digits, &stop, 16)
                                  : UINT8_MAX + 1UL;
        if (value > UINT8_MAX)
            return false;
        *out = (char)value;
        *c = at + 1 + (stop - digits);
        return true;
    }
    if (at < end && *at >= '0' && *at <= '7') {
        unsigned value = 0;
        for (unsigned i = 0; i < 3 && at < end && *at >= '0' && *at <= '7'; i++)
            value = value * 8 + (unsigned)(*at++ - '0');
        *out = (char)value;
        *c = at;
        return value <= UINT8_MAX;
    }
    for (const char *e = escapes; *e && at < end; e += 2)
        if (*e == *at) {
            *out = e[1];
            *c = at + 1;
            return true;
        }
    return false;
}

struct quoted {
    char *bytes;
    size_t count;
    bool is_pattern; /* a shell would take it for one */
    char *wild;      /* for each byte the * or ? that it is, or 0 */
};

static struct rp_error *decode(struct rp_parser *p, const struct rp_token *token,
                               struct quoted *out) {
    const char *c = token->text + 1, *end = token->text + token->len - 1;
    out->bytes = rp_arena_alloc(&p->scope->types->arena, token->len);
    out->wild = rp_arena_alloc(&p->scope->types->arena, token->len);
    if (!out->bytes || !out->wild)
        return rp_error_nomem();
    while (c < end) {
        const char *from = c;
        out->wild[out->count] = (char)(*c == '*' || *c == '?' ? *c : '\0');
        out->is_pattern |= out->wild[out->count];
        if (!take_character(&c, end, &out->bytes[out->count]))
            return rp_parse_error(p, from, "C has no such character");
        out->count++;
    }
    return NULL;
}

/* As C has it, which has no \\*. */
static const char *text_in_c(struct rp_parser *p, const struct rp_token *token) {
    char *text = rp_arena_copy(&p->scope->types->arena, token->text, token->len), *to = text;
    for (const char *from = text; from && *from; from++) {
        if (*from == '\\' && from[1] == '*')
            continue;
        *to++ = *from;
        if (*from == '\\' && from[1])
            *to++ = *++from;
    }
    if (text)
        *to = '\0';
    return text;
}

static struct rp_error *take_char(struct rp_parser *p, const struct rp_token *token,
                                  const struct quoted *quoted, const struct rp_node **out) {
    if (!quoted->count)
        return rp_parse_error(p, token->text, "a character is missing between the quotes");
    if (quoted->count > 1)
        return rp_error_hint_set(
            rp_parse_error(p, token->text,
                           "%.*s is not a text: single quotes are for one character",
                           (int)token->len, token->text),
            "write \"%.*s\"", (int)token->len - 2, token->text + 1);
    const char *name = text_in_c(p, token);
    return name ? rp_build_constant(p, token, &rp_c_int, quoted->bytes[0], name, out)
                : rp_error_nomem();
}

struct rp_error *rp_literal_quoted(struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_node **out) {
    struct quoted quoted = {0};
    if (token->len < 2 || token->text[token->len - 1] != *token->text)
        return rp_parse_error(p, token->text, "the quote is not closed");
    RP_TRY(decode(p, token, &quoted));
    if (*token->text == '\'')
        return take_char(p, token, &quoted, out);
    struct rp_node *node = rp_node_new(p, RP_NODE_STRING, token->text, token->text + token->len);
    const struct rp_c_type *type = rp_c_array_of(p->scope->types, &rp_c_char, quoted.count + 1);
    if (!node || !type || !(node->name = text_in_c(p, token)))
        return rp_error_nomem();
    node->type = type;
    node->bytes = quoted.bytes;
    node->byte_count = quoted.count;
    node->is_text = true;
    node->is_pattern = quoted.is_pattern;
    node->wild = quoted.wild;
    *out = node;
    return NULL;
}
