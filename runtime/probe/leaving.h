/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that leave a function otherwise than by its return, and functions that are not left by a
 * return. The kernel sees returns by an address of its own, which it puts in place of the one on
 * top of the stack at the entry. */
#ifndef RP_PROBE_LEAVING_H
#define RP_PROBE_LEAVING_H

#include "util/error.h"

/* When a probe at the return of a function in this file ends the program: "an exception passes the
 * function". Whoever follows the stack does not know the kernel's address. NULL: no such case is
 * known. */
const char *rp_leaving_of(const char *path);

/* Why a probe at the return of that function, as a symbol or as its author wrote it, would destroy
 * the program: "it is jumped to, not called". NULL: nothing is known. */
const char *rp_leaving_of_function(const char *function);

/* The error for a return that cannot be probed: of that function, or of any in that file. NULL: it
 * can. */
struct rp_error *rp_leaving_check(const char *path, const char *function);

#endif
