/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a compile can be kept in the cache. */
#ifndef RP_COMPILE_FICKLE_H
#define RP_COMPILE_FICKLE_H

#include "compile/scan.h"
#include "reprobe.h"

/* Whether the result depends on more than the text, the author's headers and the flags' own words:
 * on the time, on which files there are, on files that a flag names. */
bool rp_is_fickle(const struct rp_scan *scan, const struct rp_compile_opts *opts);

#endif
