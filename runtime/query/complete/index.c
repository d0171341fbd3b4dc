/* SPDX-License-Identifier: Apache-2.0 */
#include "query/complete/index.h"

#include <stdlib.h>
#include <string.h>

/* `array` of items of `size` bytes with room for `count` of them, or NULL. */
static void *grown(void *array, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity)
        return array;
    size_t larger = count * 2 < 1024 ? 1024 : count * 2;
    void *longer = realloc(array, larger * size);
    if (longer)
        *capacity = larger;
    return longer;
}

bool rp_index_add(struct rp_index *index, const char *word) {
    size_t size = strlen(word) + 1;
    char *text = grown(index->text, &index->text_capacity, index->text_len + size, 1);
    if (text)
        index->text = text;
    uint32_t *words =
        text ? grown(index->words, &index->capacity, index->count + 1, sizeof(*words)) : NULL;
    if (!words)
        return false;
    index->words = words;
    memcpy(text + index->text_len, word, size);
    words[index->count++] = (uint32_t)index->text_len;
    index->text_len += size;
    index->sorted = false;
    return true;
}

static int compare(const void *a, const void *b, void *text) {
    return strcmp((char *)text + *(const uint32_t *)a, (char *)text + *(const uint32_t *)b);
}

/* Twins go. */
static void sort(struct rp_index *index) {
    qsort_r(index->words, index->count, sizeof(*index->words), compare, index->text);
    size_t saved = 0;
    for (size_t i = 0; i < index->count; i++)
        if (!saved || compare(&index->words[i], &index->words[saved - 1], index->text) != 0)
            index->words[saved++] = index->words[i];
    index->count = saved;
    index->sorted = true;
}

void rp_index_each(struct rp_index *index, const char *prefix,
                   void (*each)(void *ctx, const char *word), void *ctx) {
    if (!index->sorted && index->count)
        sort(index);
    size_t low = 0, high = index->count, len = strlen(prefix);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->text + index->words[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < index->count; low++) {
        const char *word = index->text + index->words[low];
        if (strncmp(word, prefix, len) != 0)
            return;
        each(ctx, word);
    }
}

void rp_index_clear(struct rp_index *index) {
    free(index->text);
    free(index->words);
    memset(index, 0, sizeof(*index));
}
