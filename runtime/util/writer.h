/* SPDX-License-Identifier: Apache-2.0 */
/* A small buffer before a FILE: a row, or JSON, is put together here and written at once. */
#ifndef RP_UTIL_WRITER_H
#define RP_UTIL_WRITER_H

#include <string.h>

#include "reprobe.h"

static inline void rp_writer_begin(struct rp_writer *w, FILE *out) {
    w->out = out;
    w->used = w->flushed = w->unseen = 0;
    w->comma = false;
}
void rp_writer_flush(struct rp_writer *w);

/* Columns written since the beginning. */
static inline size_t rp_writer_columns(const struct rp_writer *w) {
    return w->flushed + w->used - w->unseen;
}

static inline void rp_write_char(struct rp_writer *w, char c) {
    if (w->used == sizeof(w->bytes))
        rp_writer_flush(w);
    w->bytes[w->used++] = c;
}
void rp_write_many(struct rp_writer *w, const char *bytes, size_t size);
static inline void rp_write_bytes(struct rp_writer *w, const char *bytes, size_t size) {
    if (size > sizeof(w->bytes) - w->used) {
        rp_write_many(w, bytes, size);
        return;
    }
    memcpy(w->bytes + w->used, bytes, size);
    w->used += size;
}
static inline void rp_write_string(struct rp_writer *w, const char *text) {
    rp_write_bytes(w, text, strlen(text));
}

void rp_write_uint(struct rp_writer *w, uint64_t value);
void rp_write_int(struct rp_writer *w, int64_t value);
/* With the last `decimals` digits behind a point, but no zeros at the end of these. */
void rp_write_wide(struct rp_writer *w, __int128 value, unsigned decimals);
/* "0x…" */
void rp_write_pointer(struct rp_writer *w, uint64_t value);
/* With so many decimals, whatever the locale. */
void rp_write_fixed(struct rp_writer *w, double value, int decimals);
/* The shortest decimal number that reads back the same, whatever the locale; "nan", "-inf". */
void rp_write_double(struct rp_writer *w, double value, bool is_float);
void rp_write_hex(struct rp_writer *w, const uint8_t *bytes, size_t size);
/* Ends a column that began at `start` (see rp_writer_columns()): blanks up to its width, and one.
 */
void rp_write_padding(struct rp_writer *w, size_t start, size_t width);
/* As rp_print_text() and, quotes included, rp_json_text(). */
void rp_write_text(struct rp_writer *w, const char *text, size_t max);
void rp_write_json_text(struct rp_writer *w, const char *text, size_t max);
/* The same of text that may have NULs in it. */
void rp_write_escaped(struct rp_writer *w, const uint8_t *bytes, size_t size);
void rp_write_json_escaped(struct rp_writer *w, const uint8_t *bytes, size_t size);
/* The same of text that is not all there, with a mark behind it. */
#define RP_MORE "…"
void rp_write_cut(struct rp_writer *w, const uint8_t *bytes, size_t size);
void rp_write_json_cut(struct rp_writer *w, const uint8_t *bytes, size_t size);
/* The same for our own sentences, in which there may be such text: lines, tabs and \ stay. */
void rp_write_message(struct rp_writer *w, const char *text);

#endif
