/* SPDX-License-Identifier: Apache-2.0 */
/* What an object was compiled from, and whether that is what the running kernel has. */
#ifndef RP_COMPILE_ORIGIN_H
#define RP_COMPILE_ORIGIN_H

#include "compile/object.h"
#include "compile/source.h"

/* `name` is the source's; `source` as it was prepared, NULL: it was compiled against installed
 * headers. */
struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source);
/* Whether an object of that origin, from a file, can be used here: an error that says why not. */
struct rp_error *rp_origin_fits(const struct rp_object_origin *origin);

#endif
