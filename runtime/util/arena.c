/* SPDX-License-Identifier: Apache-2.0 */
#include "util/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096

struct rp_arena_block {
    struct rp_arena_block *next;
    size_t used, size;
    max_align_t bytes[];
};

static struct rp_arena_block *add_block(struct rp_arena *arena, size_t least) {
    size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    if (size > SIZE_MAX - sizeof(struct rp_arena_block))
        return NULL;
    struct rp_arena_block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *rp_arena_alloc(struct rp_arena *arena, size_t size) {
    size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    struct rp_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    void *bytes = (char *)block->bytes + block->used;
    block->used += size;
    return bytes;
}

char *rp_arena_copy(struct rp_arena *arena, const char *text, size_t length) {
    char *copy = rp_arena_alloc(arena, length + 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *rp_arena_text_of(struct rp_arena *arena, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = length < 0 ? NULL : rp_arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, fmt, args);
    return text;
}

char *rp_arena_text(struct rp_arena *arena, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = rp_arena_text_of(arena, fmt, args);
    va_end(args);
    return text;
}

void rp_arena_clear(struct rp_arena *arena) {
    while (arena->blocks) {
        struct rp_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
