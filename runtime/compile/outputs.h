/* SPDX-License-Identifier: Apache-2.0 */
/* What the macros of the prelude leave in the BTF of calls that send records: for each a variable,
 * a pointer to a function whose parameters point to what tells of the map and to an array of the
 * record (prelude/glue.h, prelude/libbpf_outputs.h). */
#ifndef RP_COMPILE_OUTPUTS_H
#define RP_COMPILE_OUTPUTS_H

#include "compile/object.h"

struct rp_sent {
    uint32_t map;    /* the type that tells of the map */
    uint32_t record; /* 0: it is not known */
};

/* What the function's type `id` tells; false: it is of another sort. */
bool rp_sent_read(const struct btf *btf, uint32_t id, struct rp_sent *out);
/* What the pointer type `id` points to; 0: it is not a pointer. */
uint32_t rp_pointee(const struct btf *btf, uint32_t id);
/* Notes that records of the type are sent through the map. False: no memory. */
bool rp_object_map_sends(struct rp_object_map *map, uint32_t type);

#endif
