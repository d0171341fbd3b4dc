/* SPDX-License-Identifier: Apache-2.0 */
#include "record/value_parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"

/* A value while it is being read. */
struct slot {
    const struct rp_type *type;
    uint8_t *data;       /* of the outermost value */
    uint64_t bit_offset; /* from there */
    unsigned bit_size;   /* of a bit field, else 0 */
    const char *name;    /* a member's name, or "" */
};

struct parser {
    const char *at;
};

static struct rp_error *parse(struct parser *p, const struct slot *slot);

/* ------------------------------------------------------------- errors */

static const char *skip_blanks(struct parser *p) {
    while (isspace((unsigned char)*p->at))
        p->at++;
    return p->at;
}

/* The next word, or what is there instead, for messages; malloc()ed. */
static char *read_word(const char *at) {
    size_t length = strcspn(at, " \t\n,{}");
    return *at ? strndup(at, length ? length : 1) : strdup("the end");
}

/* "its member `pid` (u8) must be a number from 0 to 255, not `x`" */
static struct rp_error *wants(const struct parser *p, const struct slot *slot, const char *wanted) {
    RP_AUTO_FREE char *word = read_word(p->at), *type = rp_type_text(slot->type), *why = NULL;
    bool named = *slot->name, ended = !*p->at;
    if (!word || !type ||
        asprintf(&why, "%s%s%s (%s) must be %s, not %s%s%s", named ? "its member `" : "it",
                 slot->name, named ? "`" : "", type, wanted, ended ? "" : "`", word,
                 ended ? "" : "`") < 0)
        return rp_error_nomem();
    return rp_error_new(EINVAL, why, "cannot read it");
}

/* ------------------------------------------------------------- numbers */

static unsigned bits_of(const struct slot *slot) {
    return slot->bit_size ? slot->bit_size : (unsigned)slot->type->size * 8;
}

static void store_bits(const struct slot *slot, uint64_t value) {
    unsigned bits = bits_of(slot);
    for (unsigned i = 0; i < bits; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        uint64_t at = slot->bit_offset + i;
        unsigned shift = at % 8;
#else
        uint64_t at = slot->bit_offset + bits - 1 - i;
        unsigned shift = 7 - at % 8;
#endif
        uint8_t *byte = &slot->data[at / 8];
        *byte = (uint8_t)((*byte & ~(1U << shift)) | (unsigned)(value >> i & 1) << shift);
    }
}

static bool is_signed(const struct rp_type *type) {
    return type->kind == RP_INT || (type->kind == RP_ENUM && type->is_signed);
}

/* The largest number, as an unsigned one. */
static uint64_t most_of(const struct slot *slot) {
    unsigned bits = slot->type->kind == RP_BOOL ? 1 : bits_of(slot);
    return bits < 64 ? (1ULL << bits) - 1 : UINT64_MAX;
}

static bool fits(const struct slot *slot, bool negative, uint64_t size) {
    uint64_t most = most_of(slot);
    if (is_signed(slot->type))
        return size <= most / 2 + negative;
    return size <= most && (!negative || !size);
}

static struct rp_error *out_of_range(const struct parser *p, const struct slot *slot) {
    uint64_t most = most_of(slot);
    char wanted[96];
    if (is_signed(slot->type))
        snprintf(wanted, sizeof(wanted), "from -%" PRIu64 " to %" PRIu64, most / 2 + 1, most / 2);
    else
        snprintf(wanted, sizeof(wanted), "from 0 to %" PRIu64, most);
    return wants(p, slot, wanted);
}

/* A number that begins at `from`, as C writes it; false if there is none. */
static bool read_number(const char *from, const char **end, bool *negative, uint64_t *size,
                        bool *overflow) {
    *negative = *from == '-';
    from += *negative || *from == '+';
    bool hex = from[0] == '0' && (from[1] == 'x' || from[1] == 'X');
    if (!isxdigit((unsigned char)from[hex ? 2 : 0]) || (!hex && !isdigit((unsigned char)*from)))
        return false;
    char *stop;
    errno = 0;
    *size = strtoull(from, &stop, hex ? 16 : from[0] == '0' ? 8 : 10);
    *overflow = errno == ERANGE;
    *end = stop;
    return !isalnum((unsigned char)*stop) && *stop != '_' && *stop != '.';
}

/* 'c', '\n'; false if it is not a character. */
static bool read_character(const char *from, const char **end, uint64_t *value) {
    static const char letters[] = "ntr0\\'", meant[] = "\n\t\r\0\\'";
    if (*from != '\'' || !from[1])
        return false;
    const char *escape = from[1] == '\\' && from[2] ? strchr(letters, from[2]) : NULL;
    if (from[1] == '\\' && !escape)
        return false;
    *value = (uint8_t)(escape ? meant[escape - letters] : from[1]);
    *end = from + (escape ? 3 : 2);
    return *(*end)++ == '\'';
}

/* A name of letters; its length, or 0. */
static size_t word_length(const char *text) {
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return isdigit((unsigned char)*text) ? 0 : length;
}

static bool is_word(const char *text, size_t length, const char *word) {
    return strlen(word) == length && !memcmp(text, word, length);
}

/* A word for a number of this type. */
static bool find_named(const struct rp_type *type, const char *text, size_t length,
                       uint64_t *value) {
    for (size_t i = 0; i < type->values.count; i++) {
        *value = type->values.items[i].value;
        if (is_word(text, length, type->values.items[i].name))
            return true;
    }
    *value = is_word(text, length, "true");
    return type->kind == RP_BOOL && (*value || is_word(text, length, "false"));
}

static struct rp_error *not_a_number(const struct parser *p, const struct slot *slot) {
    if (slot->type->kind == RP_BOOL)
        return wants(p, slot, "true or false");
    if (slot->type->kind != RP_ENUM)
        return wants(p, slot, "a number");
    RP_AUTO_FREE char *word = strndup(p->at, word_length(p->at));
    struct rp_nearest near = {.wanted = word ? word : ""};
    for (size_t i = 0; i < slot->type->values.count; i++)
        rp_nearest_add(&near, slot->type->values.items[i].name);
    RP_AUTO_FREE char *names = rp_nearest_text(&near, "");
    rp_nearest_clear(&near);
    struct rp_error *err = wants(p, slot, "a number or one of its names");
    return names ? rp_error_hint_set(err, "did you mean %s?", names) : err;
}

static struct rp_error *parse_number(struct parser *p, const struct slot *slot) {
    const char *end = p->at;
    uint64_t value = 0;
    bool negative = false, overflow = false;
    size_t word = word_length(p->at);
    if (word && find_named(slot->type, p->at, word, &value))
        end += word;
    else if (!read_character(p->at, &end, &value)) {
        if (!read_number(p->at, &end, &negative, &value, &overflow))
            return not_a_number(p, slot);
        if (overflow || !fits(slot, negative, value))
            return out_of_range(p, slot);
    }
    p->at = end;
    store_bits(slot, negative ? -value : value);
    return NULL;
}

static struct rp_error *parse_float(struct parser *p, const struct slot *slot) {
    char *end;
    double value = strtod(p->at, &end);
    if (end == p->at)
        return wants(p, slot, "a number");
    p->at = end;
    float narrow = (float)value;
    bool is_float = slot->type->size == sizeof(float);
    memcpy(slot->data + slot->bit_offset / 8, is_float ? (void *)&narrow : (void *)&value,
           slot->type->size);
    return NULL;
}

/* ------------------------------------------------------------- text and bytes */

/* One byte of a quoted text. */
static char unescape(const char **at) {
    static const char letters[] = "ntr0", meant[] = "\n\t\r";
    if (*(*at)++ != '\\' || !**at)
        return (*at)[-1];
    const char *c = (*at)++, *escape = strchr(letters, *c);
    if (*c == 'x' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
        char digits[] = {c[1], c[2], 0};
        *at += 2;
        return (char)strtoul(digits, NULL, 16);
    }
    return escape ? meant[escape - letters] : *c;
}

static struct rp_error *too_long(const struct parser *p, const struct slot *slot) {
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "text of at most %u bytes", slot->type->count);
    return wants(p, slot, wanted);
}

/* In quotes, or up to the end of a value inside braces, or up to the end. */
static struct rp_error *parse_text(struct parser *p, const struct slot *slot) {
    char *out = (char *)slot->data + slot->bit_offset / 8;
    size_t length = 0, most = slot->type->size;
    const char *at = p->at;
    uint64_t character;
    if (most == 1 && read_character(at, &p->at, &character)) {
        *out = (char)character;
        return NULL;
    }
    bool quoted = *at == '"';
    at += quoted;
    const char *until = quoted ? "\"" : ",}";
    while (*at && !strchr(until, *at)) {
        char c = quoted ? unescape(&at) : *at++;
        if (length < most)
            out[length] = c;
        length++;
    }
    while (!quoted && length && isspace((unsigned char)at[-1]))
        at--, length--;
    if (length > most)
        return too_long(p, slot);
    if ((quoted && *at != '"') || (!quoted && !length))
        return wants(p, slot, quoted ? "text with a closing quote" : "text");
    memset(out + length, 0, most - length);
    p->at = at + quoted;
    return NULL;
}

/* In hexadecimal, as it is shown. */
static struct rp_error *parse_wide(struct parser *p, const struct slot *slot) {
    const char *at = p->at + (strncmp(p->at, "0x", 2) == 0 ? 2 : 0);
    size_t size = (size_t)slot->type->size, digits = strspn(at, "0123456789abcdefABCDEF");
    if (at == p->at || !digits || digits > 2 * size) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "0x and at most %zu hex digits", 2 * size);
        return wants(p, slot, wanted);
    }
    uint8_t *to = slot->data + slot->bit_offset / 8;
    memset(to, 0, size);
    for (size_t i = 0; i < digits; i++) {
        char digit[2] = {at[digits - 1 - i]};
        to[i / 2] |= (uint8_t)(strtoul(digit, NULL, 16) << i % 2 * 4);
    }
    p->at = at + digits;
    return NULL;
}

static struct rp_error *parse_bytes(struct parser *p, const struct slot *slot) {
    if (slot->type->is_number)
        return parse_wide(p, slot);
    const char *at = p->at + (strncmp(p->at, "0x", 2) == 0 ? 2 : 0);
    size_t digits = strspn(at, "0123456789abcdefABCDEF");
    if (digits != slot->type->size * 2) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "%zu hex digits", (size_t)slot->type->size * 2);
        return wants(p, slot, wanted);
    }
    for (size_t i = 0; i < slot->type->size; i++) {
        char pair[] = {at[2 * i], at[2 * i + 1], 0};
        slot->data[slot->bit_offset / 8 + i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    p->at = at + digits;
    return NULL;
}

/* ------------------------------------------------------------- braces */

static struct slot member_place(const struct slot *outer, const struct rp_member *member) {
    return (struct slot){member->type, outer->data, outer->bit_offset + member->bit_offset,
                         member->bit_size, member->name};
}

/* The member of that name, also in an anonymous struct. */
static bool find_member(const struct slot *outer, const char *name, size_t length,
                        struct slot *out) {
    for (size_t i = 0; i < outer->type->members.count; i++) {
        *out = member_place(outer, &outer->type->members.items[i]);
        if (*out->name
                ? is_word(name, length, out->name)
                : out->type->kind == RP_STRUCT &&
                      find_member(&(struct slot){out->type, out->data, out->bit_offset, 0, ""},
                                  name, length, out))
            return true;
    }
    return false;
}

static struct rp_error *no_member(const struct parser *p, const struct slot *slot) {
    RP_AUTO_FREE char *name = strndup(p->at, word_length(p->at)), *type = rp_type_text(slot->type),
                      *why = NULL;
    if (!name || !type || asprintf(&why, "%s has no member `%s`", type, name) < 0)
        return rp_error_nomem();
    return rp_error_new(EINVAL, why, "cannot read it");
}

/* "member" after the dot, and its "=". */
static struct rp_error *parse_member_name(struct parser *p, const struct slot *outer,
                                          struct slot *out) {
    p->at++;
    size_t length = word_length(p->at);
    if (outer->type->kind != RP_STRUCT || !length)
        return wants(p, outer, "values, or .member = value");
    if (!find_member(outer, p->at, length, out))
        return no_member(p, outer);
    p->at += length;
    if (*skip_blanks(p) != '=')
        return wants(p, out, "written as .member = value");
    p->at++;
    skip_blanks(p);
    return NULL;
}

/* The `i`th member, for a value without a name; false if there is none. */
static bool nth_place(const struct slot *outer, size_t i, struct slot *out) {
    const struct rp_type *type = outer->type;
    if (type->kind == RP_STRUCT) {
        if (i >= type->members.count)
            return false;
        *out = member_place(outer, &type->members.items[i]);
        return true;
    }
    *out = (struct slot){type->element, outer->data,
                         outer->bit_offset + i * type->element->size * 8, 0, outer->name};
    return i < type->count;
}

static struct rp_error *too_many(const struct slot *slot) {
    RP_AUTO_FREE char *type = rp_type_text(slot->type), *why = NULL;
    if (!type || asprintf(&why, "the braces contain more values than %s has members", type) < 0)
        return rp_error_nomem();
    return rp_error_new(EINVAL, why, "cannot read it");
}

static struct rp_error *parse_braces(struct parser *p, const struct slot *outer) {
    if (*p->at != '{')
        return wants(p, outer,
                     outer->type->kind == RP_STRUCT ? "{a, b, …} or {.member = a, …}"
                                                    : "{a, b, …}");
    p->at++;
    for (size_t i = 0; *skip_blanks(p) != '}'; i++) {
        struct slot inner = *outer;
        if (*p->at == '.' && !isdigit((unsigned char)p->at[1]))
            RP_TRY(parse_member_name(p, outer, &inner));
        else if (!nth_place(outer, i, &inner))
            return too_many(outer);
        RP_TRY(parse(p, &inner));
        if (*skip_blanks(p) != ',' && *p->at != '}')
            return wants(p, &inner, "followed by `,` or `}`");
        p->at += *p->at == ',';
    }
    p->at++;
    return NULL;
}

/* ------------------------------------------------------------- all of it */

static struct rp_error *parse(struct parser *p, const struct slot *slot) {
    skip_blanks(p);
    switch (slot->type->kind) {
    case RP_UINT:
    case RP_INT:
    case RP_BOOL:
    case RP_POINTER:
    case RP_ENUM:
        return parse_number(p, slot);
    case RP_FLOAT:
        return parse_float(p, slot);
    case RP_TEXT:
        return parse_text(p, slot);
    case RP_WIDE: /* only shown */
    case RP_BYTES:
        return parse_bytes(p, slot);
    case RP_ARRAY:
    case RP_STRUCT:
        break;
    }
    return parse_braces(p, slot);
}

struct rp_error *rp_value_parse(const char *text, const struct rp_type *type, void *data) {
    struct parser p = {text};
    struct slot slot = {type, data, 0, 0, ""};
    memset(data, 0, type->size);
    RP_TRY(parse(&p, &slot));
    return *skip_blanks(&p) ? wants(&p, &slot, "one value and nothing else") : NULL;
}
