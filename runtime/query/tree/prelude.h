/* SPDX-License-Identifier: Apache-2.0 */
/* The macros of the compiler's prelude. */
#ifndef RP_QUERY_TREE_PRELUDE_H
#define RP_QUERY_TREE_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

struct rp_macro {
    const char *parameters; /* "a, b"; NULL: it has none */
    const char *body;
};

/* False: there is no such macro, or it is not one that expressions can use. */
bool rp_macro_find(struct rp_arena *arena, const char *name, size_t length, struct rp_macro *out);
/* The members that a macro stands for ("__sk_common.skc_family" of sk_family); NULL: none. */
const char *rp_macro_members(struct rp_arena *arena, const char *name, size_t length);
/* Whether the prelude gives the name a meaning: then it cannot stand for anything else in C. */
bool rp_macro_exists(const char *name, size_t length);

#endif
