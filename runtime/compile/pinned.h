/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that are pinned before an object is loaded: other programs made them. */
#ifndef RP_COMPILE_PINNED_H
#define RP_COMPILE_PINNED_H

#include "compile/object.h"

struct bpf_map;
struct btf;
struct rp_error;

/* Adds a note to the object where the types of the map that is pinned already, as far as the kernel
 * has them, are others than those of `map`, in `btf`. `declared` is libbpf's. */
struct rp_error *rp_pinned_note(struct rp_object *object, const struct rp_object_map *map,
                                const struct btf *btf, const struct bpf_map *declared);

#endif
