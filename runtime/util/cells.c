/* SPDX-License-Identifier: Apache-2.0 */
#include "util/cells.h"

#include <locale.h>
#include <wchar.h>

size_t rp_utf8_length(const uint8_t *s, size_t max) {
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (!length || length > max)
        return 0;
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

static wchar_t decode(const uint8_t *s, size_t length) {
    wchar_t point = (wchar_t)(s[0] & (0xff >> (length + 1)));
    for (size_t i = 1; i < length; i++)
        point = (wchar_t)(point << 6 | (s[i] & 0x3f));
    return point;
}

/* Whatever the locale of the program: the C library knows widths in a locale of UTF-8 only. */
static int width_of(wchar_t point) {
    static locale_t utf8;
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int width = wcwidth(point);
    if (before)
        uselocale(before);
    return width;
}

size_t rp_cells_next(const char *text, size_t length, size_t *cells) {
    const uint8_t *s = (const uint8_t *)text;
    size_t bytes = rp_utf8_length(s, length);
    *cells = 1;
    if (bytes < 2)
        return 1;
    int width = width_of(decode(s, bytes));
    if (width >= 0)
        *cells = (size_t)width;
    return bytes;
}

size_t rp_cells(const char *text, size_t length) {
    size_t all = 0, cells;
    for (size_t at = 0; at < length; all += cells)
        at += rp_cells_next(text + at, length - at, &cells);
    return all;
}

size_t rp_cells_fit(const char *text, size_t length, size_t cells) {
    size_t at = 0;
    while (at < length) {
        size_t width, bytes = rp_cells_next(text + at, length - at, &width);
        if (width > cells)
            break;
        cells -= width;
        at += bytes;
    }
    return at;
}
