/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROBE_PROGRAM_FUNCTION_H
#define RP_PROBE_PROGRAM_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/spec.h"
#include "util/error.h"

/* Sets the address and size in bytes (0: unknown) of the function of the spec's file that its
 * target names, as a symbol or as its author wrote it. Errors tell of several of that name, of one
 * that is in others only (inlined), and of the nearest names. */
struct rp_error *rp_program_function(const struct rp_spec *spec, uint64_t *address, uint64_t *size);

/* What else has become of the function, so that a probe at it does not see all of its calls: copies
 * in others, and parts under names of the compiler's; or which other functions have the same code,
 * so that it sees their calls, too. malloc()ed; NULL: nothing is known. */
char *rp_program_function_copies(const struct rp_spec *spec);

/* Whether the file has a function of that name, which has marks that no name in C has. */
bool rp_program_has_marked(const char *file, const char *name);

#endif
