/* SPDX-License-Identifier: Apache-2.0 */
/* Text as printf() makes it, malloc()ed; and lists of texts. */
#ifndef RP_UTIL_TEXT_H
#define RP_UTIL_TEXT_H

#include <stdarg.h>

#include "util/vec.h"

/* NULL: out of memory. */
char *rp_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *rp_text_of(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

/* Adds an item to "A, B, …", malloc()ed; *list is NULL or "" before the first. False without
 * memory, as for an item that is NULL: then *list is NULL. */
bool rp_text_list(char **list, const char *item);

/* Whether it is one of the list's, between which there are any of these characters. */
bool rp_text_has_word(const char *list, const char *separators, const char *word);

static inline bool rp_starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What is behind the last slash of a path. */
static inline const char *rp_last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct rp_texts {
    RP_VEC(char *);
};

/* Takes `text`, malloc()ed, also on failure. False without memory: `text` may be NULL then. */
bool rp_texts_add(struct rp_texts *texts, char *text);
void rp_texts_clear(struct rp_texts *texts);

#endif
