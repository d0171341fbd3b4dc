/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a text can go on with, and where they come from besides clang. */
#ifndef RP_QUERY_COMPLETE_CANDIDATES_H
#define RP_QUERY_COMPLETE_CANDIDATES_H

#include "kernel/btf.h"
#include "reprobe_query.h"
#include "util/names.h"
#include "util/vec.h"

struct rp_candidate {
    char *text, *what;
};

/* Those that begin with `prefix`, each once: of two, the first that came. Zero all but `prefix` to
 * begin. */
struct rp_candidates {
    const char *prefix;
    struct rp_names seen;
    RP_VEC(struct rp_candidate);
};

/* Passes over what does not begin with the prefix. */
void rp_candidates_add(struct rp_candidates *candidates, const char *text, const char *what);
/* Calls `each` with all of them in order, and ends them. */
void rp_candidates_end(struct rp_candidates *candidates, rp_completion_fn each, void *ctx);

/* The kernel's enumerators and, where `types`, typedefs. Nothing for an empty prefix: there are
 * tens of thousands. */
void rp_candidates_of_kernel(struct rp_candidates *candidates, bool types);
/* The kernel's types of the kind `word` ("struct", "union", "enum", "typedef"); NULL: of all. */
void rp_candidates_of_types(struct rp_candidates *candidates, const char *word);
/* The members of the struct, union or typedef `name`, and of those in it that have no name; false
 * when the kernel has none. */
bool rp_candidates_of_struct(struct rp_candidates *candidates, const char *name);
/* The same of the struct or union that BTF calls `id`. */
void rp_candidates_of_members(struct rp_candidates *candidates, const struct rp_btf *btf,
                              uint32_t id);

#endif
