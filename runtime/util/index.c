/* SPDX-License-Identifier: Apache-2.0 */
#include "util/index.h"

#include <stdlib.h>
#include <string.h>

bool rp_index_add(struct rp_index *index, const char *word) {
    size_t size = strlen(word) + 1;
    uint32_t begins = (uint32_t)index->text.count;
    if (!rp_vec_append(&index->text, word, size) || !rp_vec_push(&index->words, begins))
        return false;
    index->sorted = false;
    return true;
}

static int compare(const void *a, const void *b, void *text) {
    return strcmp((char *)text + *(const uint32_t *)a, (char *)text + *(const uint32_t *)b);
}

/* Removes duplicates. */
static void sort(struct rp_index *index) {
    uint32_t *words = index->words.items;
    char *text = index->text.items;
    qsort_r(words, index->words.count, sizeof(*words), compare, text);
    size_t saved = 0;
    for (size_t i = 0; i < index->words.count; i++)
        if (!saved || compare(&words[i], &words[saved - 1], text) != 0)
            words[saved++] = words[i];
    index->words.count = saved;
    index->sorted = true;
}

void rp_index_each(struct rp_index *index, const char *prefix,
                   void (*each)(void *ctx, const char *word), void *ctx) {
    if (!index->sorted && index->words.count)
        sort(index);
    size_t low = 0, high = index->words.count, len = strlen(prefix);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->text.items + index->words.items[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < index->words.count; low++) {
        const char *word = index->text.items + index->words.items[low];
        if (strncmp(word, prefix, len) != 0)
            return;
        each(ctx, word);
    }
}

void rp_index_clear(struct rp_index *index) {
    rp_vec_clear(&index->text);
    rp_vec_clear(&index->words);
    index->sorted = false;
}
