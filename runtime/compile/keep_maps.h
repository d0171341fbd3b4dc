/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a map of one module can also serve another module. */
#ifndef RP_COMPILE_KEEP_MAPS_H
#define RP_COMPILE_KEEP_MAPS_H

#include "compile/object.h"

struct btf;

/* Whether both are declared alike: kind, sizes and, as far as their modules' BTF (NULL: none) has
 * them, the types of keys and values; for outputs, the type of the records. */
bool rp_maps_alike(const struct rp_object_map *a, const struct btf *a_types,
                   const struct rp_object_map *b, const struct btf *b_types);

#endif
