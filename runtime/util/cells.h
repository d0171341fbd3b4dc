/* SPDX-License-Identifier: Apache-2.0 */
/* How many cells of a terminal a text takes: 2 for most of Chinese, Japanese, Korean and emoji, 0
 * for an accent that stands above the character before it. */
#ifndef RP_UTIL_CELLS_H
#define RP_UTIL_CELLS_H

#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed UTF-8 sequence at `s` (Unicode 15, table 3-7), or 0. */
size_t rp_utf8_length(const uint8_t *s, size_t max);
/* Bytes of the character that `text`, of at least one byte, begins with; *cells is what it takes.
 * What is not UTF-8 is a byte in a cell. */
size_t rp_cells_next(const char *text, size_t length, size_t *cells);
size_t rp_cells(const char *text, size_t length);
/* How many bytes of `text` take at most so many cells: whole characters. */
size_t rp_cells_fit(const char *text, size_t length, size_t cells);

#endif
