/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a map of one module can also serve another module. */
#ifndef RP_COMPILE_KEEP_MAPS_H
#define RP_COMPILE_KEEP_MAPS_H

#include "compile/object.h"

struct btf;

/* Whether both are declared alike: kind, sizes and, as far as their modules' BTF (NULL: none) has
 * them, the types of keys and values; for outputs, the type of the records; for variables, what
 * they begin as. */
bool rp_maps_alike(const struct rp_object_map *a, const struct btf *a_types,
                   const struct rp_object_map *b, const struct btf *b_types);

/* Whether two types, each of its BTF, have the same names, members and sizes. An unknown one (no
 * BTF, or 0) is like an unknown one. */
bool rp_types_alike(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id);

#endif
