/* SPDX-License-Identifier: Apache-2.0 */
/* Source text -> object: which types are used, and in which order they are tried. */
#ifndef RP_COMPILE_COMPILE_H
#define RP_COMPILE_COMPILE_H

#include <stddef.h>

#include "compile/object.h"
#include "compile/scan.h"
#include "compile/source.h"
#include "reprobe.h"
#include "util/private_dir.h"

/* Takes the object of `text` from the cache, or compiles it with `opts` (complete, with a name);
 * adds to `timings`. */
struct rp_error *rp_compile(const char *text, const struct rp_compile_opts *opts,
                            rp_write_before_fn before, struct rp_timings *timings,
                            struct rp_object **out);

/* Whether is_target() has to check more than the process; leaving out the rest saves a tenth of the
 * compile time. */
bool rp_target_is_by_task(const struct rp_compile_opts *opts);

/* Frees what is kept from one compile to the next; the next one reads it again. */
void rp_compile_release(void);

/* ------------------------------------------------------------- the tree of headers */

/* A small directory in place of a kernel source tree while libbcc compiles. */

/* The name, in the tree, of a text that does not come from a file. */
#define RP_TREE_SOURCE "source.c"
/* Where reprobe's own headers are in the tree. */
#define RP_TREE_OWN "own"

/* Headers that libbcc's headers include by name; the last is NULL. */
extern const char *const rp_tree_always[];

/* Makes the tree, for one compile: `base` becomes include/linux/kconfig.h, which libbcc reads
 * first; `types` becomes include/reprobe-types.h; each of `includes` becomes an empty header.
 * reprobe's own headers are always in it. */
struct rp_error *rp_tree_create(struct rp_private_dir *tree, const char *base, const char *types,
                                const struct rp_names *includes);
/* Writes one more file into the tree; *path is its path, malloc()ed. */
struct rp_error *rp_tree_add(const struct rp_private_dir *tree, const char *name, const char *text,
                             char **path);

#endif
