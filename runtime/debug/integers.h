/* SPDX-License-Identifier: Apache-2.0 */
/* C's own numbers, as compilers call them. */
#ifndef RP_DEBUG_INTEGERS_H
#define RP_DEBUG_INTEGERS_H

#include <stdbool.h>
#include <stdint.h>

/* Of so many bytes; NULL: C has none. */
const char *rp_debug_integer(uint64_t size, bool has_sign);
/* Whether it is C's name for one: "long unsigned int", "unsigned long". */
bool rp_debug_is_integer(const char *name);

#endif
