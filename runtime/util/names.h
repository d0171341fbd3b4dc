/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names in the order in which they were added. */
#ifndef RP_UTIL_NAMES_H
#define RP_UTIL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/vec.h"

/* Zeroed is empty. */
struct rp_names {
    RP_VEC(char *);  /* in the order they were added */
    uint32_t *slots; /* hash table: index into items + 1, 0 is free */
    size_t slot_count;
    bool out_of_memory; /* a name could not be stored */
};

/* True if the name is new. */
bool rp_names_add(struct rp_names *set, const char *name, size_t len);
bool rp_names_has(const struct rp_names *set, const char *name);
bool rp_names_has_n(const struct rp_names *set, const char *name, size_t len);
/* One of `names`, which end with NULL. */
bool rp_names_has_any(const struct rp_names *set, const char *const *names);
/* Its index in the order of adding, or -1. */
ssize_t rp_names_find(const struct rp_names *set, const char *name, size_t len);
void rp_names_clear(struct rp_names *set);

#endif
