/* SPDX-License-Identifier: Apache-2.0 */
/* Source text -> object: which types are used, and in which order they are tried. */
#ifndef RP_COMPILE_COMPILE_H
#define RP_COMPILE_COMPILE_H

#include "compile/object.h"
#include "compile/source.h"
#include "reprobe.h"

/* Takes the object of `text` from the cache, or compiles it with `opts` (complete, with a name);
 * adds to `timings`. */
struct rp_error *rp_compile(const char *text, const struct rp_compile_opts *opts,
                            rp_write_before_fn before, struct rp_timings *timings,
                            struct rp_object **out);

/* Frees what is kept from one compile to the next; the next one reads it again. */
void rp_compile_release(void);

#endif
