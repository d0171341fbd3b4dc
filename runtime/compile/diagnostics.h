/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's words, turned into one clear error. */
#ifndef RP_COMPILE_DIAGNOSTICS_H
#define RP_COMPILE_DIAGNOSTICS_H

#include "compile/scan.h"
#include "reprobe.h"

/* `output` is what clang wrote; the author's text was called `path` there and is shown as `name`.
 * `scan` is of that text, or NULL. */
struct rp_error *rp_compile_error(const char *name, const char *path, const char *output,
                                  const struct rp_scan *scan);
/* The warnings about the author's own lines, malloc()ed, or NULL when there are none. */
char *rp_compile_warnings(const char *name, const char *path, const char *output);

#endif
