/* SPDX-License-Identifier: Apache-2.0 */
/* Many words, sorted, to find those with a prefix that a user typed. */
#ifndef RP_UTIL_INDEX_H
#define RP_UTIL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/vec.h"

/* Zeroed is empty. */
struct rp_index {
    RP_VEC(char) text;      /* the words, one after the other */
    RP_VEC(uint32_t) words; /* where each begins */
    bool sorted;
};

/* False: out of memory. */
bool rp_index_add(struct rp_index *index, const char *word);
/* Calls `each` with every word that begins with `prefix`, once and in order. */
void rp_index_each(struct rp_index *index, const char *prefix,
                   void (*each)(void *ctx, const char *word), void *ctx);
void rp_index_clear(struct rp_index *index);

#endif
