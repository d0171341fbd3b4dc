/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the names nearest to a misspelled one. */
#ifndef RP_UTIL_NEAREST_H
#define RP_UTIL_NEAREST_H

#include <stddef.h>

#define RP_NEAREST_MAX 3

/* The best names so far, best first. Zero all but `wanted` to begin. */
struct rp_nearest {
    const char *wanted;
    char *names[RP_NEAREST_MAX];
    unsigned scores[RP_NEAREST_MAX];
    size_t count;
};

/* Checks one more name; keeps a copy if it is among the nearest and near enough to help. */
void rp_nearest_add(struct rp_nearest *nearest, const char *name);
/* "a, b or c", each with `prefix` before it, malloc()ed; NULL if none is near. */
char *rp_nearest_text(const struct rp_nearest *nearest, const char *prefix);
void rp_nearest_clear(struct rp_nearest *nearest);

#endif
