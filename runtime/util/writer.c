/* SPDX-License-Identifier: Apache-2.0 */
#include "util/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/cells.h"

void rp_writer_flush(struct rp_writer *w) {
    fwrite_unlocked(w->bytes, 1, w->used, w->out);
    w->flushed += w->used;
    w->used = 0;
}

void rp_write_many(struct rp_writer *w, const char *bytes, size_t size) {
    while (size) {
        if (w->used == sizeof(w->bytes))
            rp_writer_flush(w);
        size_t capacity = sizeof(w->bytes) - w->used, n = size < capacity ? size : capacity;
        memcpy(w->bytes + w->used, bytes, n);
        w->used += n;
        bytes += n;
        size -= n;
    }
}

/* Inline: to divide by a number that the compiler knows is fast. */
static inline __attribute__((always_inline)) void write_in_base(struct rp_writer *w, uint64_t value,
                                                                unsigned base) {
    char digits[20]; /* of 2^64 - 1 in decimal */
    char *at = digits + sizeof(digits);
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    rp_write_bytes(w, at, (size_t)(digits + sizeof(digits) - at));
}

void rp_write_uint(struct rp_writer *w, uint64_t value) {
    write_in_base(w, value, 10);
}

void rp_write_int(struct rp_writer *w, int64_t value) {
    if (value < 0)
        rp_write_char(w, '-');
    rp_write_uint(w, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void rp_write_wide(struct rp_writer *w, __int128 value, unsigned decimals) {
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    char digits[48];
    size_t at = sizeof(digits);
    for (; decimals && !(rest % 10); decimals--)
        rest /= 10;
    if (value < 0)
        rp_write_char(w, '-');
    for (unsigned written = 0; rest || written <= decimals; rest /= 10) {
        if (decimals && written == decimals)
            digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(rest % 10));
        written++;
    }
    rp_write_bytes(w, digits + at, sizeof(digits) - at);
}

void rp_write_pointer(struct rp_writer *w, uint64_t value) {
    rp_write_string(w, "0x");
    write_in_base(w, value, 16);
}

/* What printf() made of a number, its decimal point a point in every locale. */
static void write_number(struct rp_writer *w, const char *text) {
    for (const char *at = text; *at; at++) {
        bool plain = strchr("0123456789+-einfa", *at);
        if (plain)
            rp_write_char(w, *at);
        else if (at == text || strchr("0123456789", at[-1]))
            rp_write_char(w, '.');
    }
}

void rp_write_double(struct rp_writer *w, double value, bool is_float) {
    char text[64];
    for (int digits = is_float ? 6 : 15, most = is_float ? 9 : 17; digits <= most; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
            break;
    }
    write_number(w, text);
}

void rp_write_fixed(struct rp_writer *w, double value, int decimals) {
    char text[400]; /* DBL_MAX has 309 digits before its point */
    snprintf(text, sizeof(text), "%.*f", decimals, value);
    write_number(w, text);
}

void rp_write_padding(struct rp_writer *w, size_t start, size_t width) {
    static const char blanks[] = "                                ";
    size_t wide = rp_writer_columns(w) - start;
    size_t columns = (wide < width ? width - wide : 0) + 1;
    while (columns) {
        size_t n = columns < sizeof(blanks) - 1 ? columns : sizeof(blanks) - 1;
        rp_write_bytes(w, blanks, n);
        columns -= n;
    }
}

static void write_hex_byte(struct rp_writer *w, uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    rp_write_char(w, digits[byte >> 4]);
    rp_write_char(w, digits[byte & 15]);
}

void rp_write_hex(struct rp_writer *w, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        write_hex_byte(w, bytes[i]);
}

/* What a terminal obeys: C0, DEL, C1 as UTF-8 encodes it (U+0080 to U+009F), and what changes the
 * direction of text: U+061C, U+200E and U+200F, U+202A to U+202E, U+2066 to U+2069. */
static bool is_control(const uint8_t *s, size_t length) {
    if (length == 1)
        return s[0] < 0x20 || s[0] == 0x7f;
    if (length == 2)
        return (s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xd8 && s[1] == 0x9c);
    if (length != 3 || s[0] != 0xe2)
        return false;
    return (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae))) ||
           (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

/* ASCII that is written as it is. */
static bool is_plain(uint8_t c) {
    static const bool plain[256] = {
        [' '] = true, ['!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};
    return plain[c];
}

/* One character, or one invalid byte, at a time; runs of plain ASCII at once. */
static void write_escaped(struct rp_writer *w, const uint8_t *s, size_t size,
                          void (*escape)(struct rp_writer *, const uint8_t *, size_t)) {
    for (size_t i = 0, n; i < size; i += n) {
        for (n = 0; i + n < size && is_plain(s[i + n]); n++)
            ;
        if (n) {
            rp_write_bytes(w, (const char *)s + i, n);
            continue;
        }
        size_t length = rp_utf8_length(s + i, size - i);
        n = length ? length : 1;
        if (length > 1 && !is_control(s + i, length)) {
            size_t cells;
            rp_cells_next((const char *)s + i, length, &cells);
            rp_write_bytes(w, (const char *)s + i, length);
            w->unseen += length - cells;
        } else {
            escape(w, s + i, length);
        }
    }
}

/* `length` is 0 for a byte that is not UTF-8. */
static void escape_for_terminal(struct rp_writer *w, const uint8_t *s, size_t length) {
    static const char letters[][2] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\\', '\\'}};
    if (*s == '"') {
        rp_write_char(w, '"');
        return;
    }
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i][0] == (char)*s) {
            rp_write_char(w, '\\');
            rp_write_char(w, letters[i][1]);
            return;
        }
    }
    for (size_t i = 0; i < (length ? length : 1); i++) {
        rp_write_string(w, "\\x");
        write_hex_byte(w, s[i]);
    }
}

static void escape_in_message(struct rp_writer *w, const uint8_t *s, size_t length) {
    if (strchr("\n\t\\", *s) && *s)
        rp_write_char(w, (char)*s);
    else
        escape_for_terminal(w, s, length);
}

static void escape_for_json(struct rp_writer *w, const uint8_t *s, size_t length) {
    if (!length) {
        rp_write_string(w, "\\\\x");
        write_hex_byte(w, *s);
    } else if (*s == '"' || *s == '\\') {
        rp_write_char(w, '\\');
        rp_write_char(w, (char)*s);
    } else {
        unsigned point = length == 1   ? *s
                         : length == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu)
                                       : (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
        rp_write_string(w, "\\u");
        write_hex_byte(w, (uint8_t)(point >> 8));
        write_hex_byte(w, (uint8_t)point);
    }
}

void rp_write_escaped(struct rp_writer *w, const uint8_t *bytes, size_t size) {
    write_escaped(w, bytes, size, escape_for_terminal);
}

void rp_write_json_escaped(struct rp_writer *w, const uint8_t *bytes, size_t size) {
    rp_write_char(w, '"');
    write_escaped(w, bytes, size, escape_for_json);
    rp_write_char(w, '"');
}

void rp_write_cut(struct rp_writer *w, const uint8_t *bytes, size_t size) {
    rp_write_escaped(w, bytes, size);
    rp_write_string(w, RP_MORE);
    w->unseen += strlen(RP_MORE) - 1;
}

void rp_write_json_cut(struct rp_writer *w, const uint8_t *bytes, size_t size) {
    rp_write_char(w, '"');
    write_escaped(w, bytes, size, escape_for_json);
    rp_write_string(w, RP_MORE "\"");
}

void rp_write_message(struct rp_writer *w, const char *text) {
    write_escaped(w, (const uint8_t *)text, strlen(text), escape_in_message);
}

void rp_write_text(struct rp_writer *w, const char *text, size_t max) {
    rp_write_escaped(w, (const uint8_t *)text, strnlen(text, max));
}

void rp_write_json_text(struct rp_writer *w, const char *text, size_t max) {
    rp_write_json_escaped(w, (const uint8_t *)text, strnlen(text, max));
}
