/* SPDX-License-Identifier: Apache-2.0 */
/* Errors are values: made where the cause is known, printed once at the edge. */
#ifndef RP_UTIL_ERROR_H
#define RP_UTIL_ERROR_H

#include "reprobe.h"

#define RP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* What failed, by `what`. Why: `why`, or strerror(errnum) where it is NULL. Never returns NULL:
 * without memory it is a static "out of memory". */
struct rp_error *rp_error_new(int errnum, const char *why, const char *what, ...) RP_PRINTF(3, 4);
/* Sets the hint; returns `err`. */
struct rp_error *rp_error_hint_set(struct rp_error *err, const char *fmt, ...) RP_PRINTF(2, 3);
/* Replaces what failed, keeping why and hint; returns `err`. */
struct rp_error *rp_error_what_set(struct rp_error *err, const char *fmt, ...) RP_PRINTF(2, 3);
/* Sets the long text; returns `err`. */
struct rp_error *rp_error_detail_set(struct rp_error *err, const char *text);
struct rp_error *rp_error_nomem(void);

#endif
