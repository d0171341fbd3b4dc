/* SPDX-License-Identifier: Apache-2.0 */
/* Errors are values: made where the cause is known, printed once at the edge. This is what the
 * library alone can do with them. */
#ifndef RP_UTIL_ERROR_H
#define RP_UTIL_ERROR_H

#include "reprobe.h"

#define RP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Replaces what failed, but keeps why and hint; returns `err`. */
struct rp_error *rp_error_what_set(struct rp_error *err, const char *fmt, ...) RP_PRINTF(2, 3);
/* Sets the long text; returns `err`. */
struct rp_error *rp_error_detail_set(struct rp_error *err, const char *text);

#endif
