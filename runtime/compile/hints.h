/* SPDX-License-Identifier: Apache-2.0 */
/* What an author can do about an error of the compiler's. */
#ifndef RP_COMPILE_HINTS_H
#define RP_COMPILE_HINTS_H

#include "compile/scan.h"

/* A hint for the compiler's `message` ("unknown type name 'foo'") about `line`, the author's
 * ("" when it is not known); NULL when there is nothing to add. `scan` is of the author's text, or
 * NULL. malloc()ed. */
char *rp_compile_hint(const char *message, const char *line, const struct rp_scan *scan);

#endif
