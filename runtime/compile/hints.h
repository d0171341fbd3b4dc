/* SPDX-License-Identifier: Apache-2.0 */
/* What an author can do about a compiler error. */
#ifndef RP_COMPILE_HINTS_H
#define RP_COMPILE_HINTS_H

#include "compile/scan.h"

/* A hint for the compiler's `message` ("unknown type name 'foo'") about the author's `line` ("" if
 * it is not known), malloc()ed; NULL if there is nothing to add. `scan` is of the author's text, or
 * NULL. */
char *rp_compile_hint(const char *message, const char *line, const struct rp_scan *scan);

/* For a call of bpf_usdt_readarg() that no probe gives its argument. */
#define RP_READARG_HINT                                                                            \
    "the probe decides which arguments bpf_usdt_readarg() can read: attach each function that "    \
    "calls it to a probe with -a FUNCTION=usdt:PATH:NAME, and read only arguments of that probe"

#endif
