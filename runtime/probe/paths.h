/* SPDX-License-Identifier: Apache-2.0 */
/* The ways that the code of a function can go, from instruction to instruction. */
#ifndef RP_PROBE_PATHS_H
#define RP_PROBE_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct rp_paths;

/* Of the function whose first instruction is at `entry`. NULL: they are not known, as where a
 * switch jumps by a table. */
struct rp_paths *rp_paths_of(const char *path, uint64_t entry);
/* NULL is allowed. */
void rp_paths_free(struct rp_paths *paths);

/* Whether whoever comes to the instruction at `address` was at `before` already. */
bool rp_paths_pass(const struct rp_paths *paths, uint64_t before, uint64_t address);
/* Whether whoever is at one of them comes to the other only behind where the ways to both part:
 * they are in two branches. */
bool rp_paths_are_apart(const struct rp_paths *paths, uint64_t one, uint64_t other);

#define RP_AUTO_PATHS RP_AUTO(rp_cleanup_paths)
static inline void rp_cleanup_paths(struct rp_paths **paths) {
    rp_paths_free(*paths);
}

#endif
