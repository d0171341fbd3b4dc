/* SPDX-License-Identifier: Apache-2.0 */
/* Public structs that begin with their size: a caller may have been compiled against a header in
 * which the struct was shorter, or is longer. */
#ifndef RP_UTIL_OPTS_H
#define RP_UTIL_OPTS_H

#include <stddef.h>

struct rp_error;

/* Copies the caller's struct `given` to `own`, which has `own_size` bytes. What the caller's lacks
 * is zero, which is its default; NULL: all of it. Fails if the size cannot be a struct's, or if the
 * caller sets a member that this version does not know. `name` is the struct's. */
struct rp_error *rp_opts_read(void *own, size_t own_size, const void *given, const char *name);

#endif
