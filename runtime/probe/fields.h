/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROBE_FIELDS_H
#define RP_PROBE_FIELDS_H

#include "reprobe.h"

/* NULL unless the function, which was written for the spec `from` (or NULL: for none), reads fields
 * of its context that are not, or other ones, at `to`. */
struct rp_error *rp_probe_check_context(const struct rp_module *module, const char *function,
                                        const char *from, const char *to);

#endif
