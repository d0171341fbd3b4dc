/* SPDX-License-Identifier: Apache-2.0 */
/* C declarations of just those kernel types that a source uses. */
#ifndef RP_COMPILE_TYPES_H
#define RP_COMPILE_TYPES_H

#include <stdio.h>

#include "kernel/btf.h"
#include "util/names.h"

struct rp_types_names {
    const struct rp_names *wanted;   /* what the source mentions */
    const struct rp_names *earlier;  /* types that an earlier text has */
    const struct rp_names *later;    /* types that the source defines itself */
    const struct rp_names *declared; /* the source's own variables and functions: no enumerator or
                                        typedef of the kernel may have such a name */
};

/* Writes declarations of every type of `btf` that `wanted` names, and of the types of their
 * members, with the kernel's exact sizes and offsets. Members that `wanted` does not mention become
 * padding in large structs; so do members of a type that is defined later. Types that `btf` does
 * not have are taken from the list `modules`, which are based on it; returns whether there were
 * any. */
bool rp_types_write(const struct rp_btf *btf, const struct rp_btf *modules,
                    const struct rp_types_names *names, FILE *out);

#endif
