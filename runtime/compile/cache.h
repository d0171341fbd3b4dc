/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that were compiled before: files KEY.rpo in a directory that only the user can use. The
 * key is a digest of everything that the result depends on. $REPROBE_CACHE is the directory, or
 * "off"; the default is $XDG_CACHE_HOME/reprobe/objects or ~/.cache/reprobe/objects. */
#ifndef RP_COMPILE_CACHE_H
#define RP_COMPILE_CACHE_H

#include "compile/object.h"
#include "util/digest.h"

/* Begins a key with what every compile depends on: the kernel, and the build of this program and of
 * the libraries that compile. False if that cannot be known. */
bool rp_cache_key_begin(struct rp_digest *key);
/* The same without the kernel: for a compile that says apart what it has of it. */
bool rp_cache_key_of_build(struct rp_digest *key);

/* NULL if there is none, or it cannot be trusted. */
struct rp_object *rp_cache_get(const char *key);
/* Stores the object, if it can, and deletes the least recently used ones when there are too many.
 */
void rp_cache_put(const char *key, const struct rp_object *object);

#endif
