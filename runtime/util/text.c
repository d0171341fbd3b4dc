/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>

char *rp_text_of(const char *fmt, va_list args) {
    char *text = NULL;
    return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

char *rp_text(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = rp_text_of(fmt, args);
    va_end(args);
    return text;
}

bool rp_text_list(char **list, const char *item) {
    const char *before = *list ? *list : "";
    char *longer = item ? rp_text("%s%s%s", before, *before ? ", " : "", item) : NULL;
    free(*list);
    *list = longer;
    return longer != NULL;
}

bool rp_texts_add(struct rp_texts *texts, char *text) {
    bool added = text && rp_vec_push(texts, text);
    if (!added)
        free(text);
    return added;
}

void rp_texts_clear(struct rp_texts *texts) {
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    rp_vec_clear(texts);
}

bool rp_text_has_word(const char *list, const char *separators, const char *word) {
    size_t wanted = strlen(word);
    for (const char *at = list + strspn(list, separators); *at; at += strspn(at, separators)) {
        size_t length = strcspn(at, separators);
        if (length == wanted && !memcmp(at, word, length))
            return true;
        at += length;
    }
    return false;
}
