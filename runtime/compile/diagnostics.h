/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the compiler's messages into one clear error. */
#ifndef RP_COMPILE_DIAGNOSTICS_H
#define RP_COMPILE_DIAGNOSTICS_H

#include "compile/scan.h"
#include "reprobe.h"

/* `output` is clang's; it calls the author's text `path`, and the error calls it `name`. `scan` is
 * of that text, or NULL. */
struct rp_error *rp_compile_error(const char *name, const char *path, const char *output,
                                  const struct rp_scan *scan);
/* The warnings about the author's own lines, malloc()ed; NULL if there are none. */
char *rp_compile_warnings(const char *name, const char *path, const char *output);

#endif
