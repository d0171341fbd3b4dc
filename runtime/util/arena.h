/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once: for structures of many small parts, such as a tree. */
#ifndef RP_UTIL_ARENA_H
#define RP_UTIL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed is empty. */
struct rp_arena {
    struct rp_arena_block *blocks; /* the newest first */
};

/* `size` zeroed bytes, aligned for any type; NULL: out of memory. */
void *rp_arena_alloc(struct rp_arena *arena, size_t size);
/* A copy of the first `length` bytes of `text`, with a NUL at the end; NULL: out of memory. */
char *rp_arena_copy(struct rp_arena *arena, const char *text, size_t length);
/* Text as printf() makes it; NULL: out of memory. */
char *rp_arena_text(struct rp_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *rp_arena_text_of(struct rp_arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
void rp_arena_clear(struct rp_arena *arena);

#endif
