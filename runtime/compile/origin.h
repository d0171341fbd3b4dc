/* SPDX-License-Identifier: Apache-2.0 */
/* What an object was compiled from, and whether the running kernel has the same. */
#ifndef RP_COMPILE_ORIGIN_H
#define RP_COMPILE_ORIGIN_H

#include "compile/object.h"
#include "compile/source.h"

/* `name` is the name of the source; `source` is as prepared, NULL: compiled against installed
 * headers. */
struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source);
/* Checks whether an object of that origin, from a file, can be used here; the error says why not.
 */
struct rp_error *rp_origin_fits(const struct rp_object_origin *origin);

#endif
