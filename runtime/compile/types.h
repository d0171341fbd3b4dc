/* SPDX-License-Identifier: Apache-2.0 */
/* C declarations of just those kernel types that a source can reach. */
#ifndef RP_COMPILE_TYPES_H
#define RP_COMPILE_TYPES_H

#include <stdio.h>

#include "util/names.h"

struct btf;

/* Writes declarations of every type of `btf` that `wanted` names, and of what their members lead
 * to, with the kernel's exact sizes and offsets. Members that `wanted` does not mention become
 * padding in large structs. Left out are types that `earlier` names (a text before this one has
 * them) and that `later` names (the source defines its own; by value they become padding here). */
void rp_types_write(const struct btf *btf, const struct rp_names *wanted,
                    const struct rp_names *earlier, const struct rp_names *later, FILE *out);

#endif
