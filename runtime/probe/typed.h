/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of programs and libraries whose types their debug information tells. */
#ifndef RP_PROBE_TYPED_H
#define RP_PROBE_TYPED_H

#include "probe/arguments.h"

/* Adds the arguments of the function at `address` of the file at `path`, and what it returns, where
 * they are known; otherwise `untyped` says why not. What the registers of arguments have is arg0 to
 * arg5 in any case. `line` is one that begins there; NULL: none. */
struct rp_error *rp_typed_arguments(const char *path, uint64_t address,
                                    const struct rp_source_line *line,
                                    struct rp_arguments *arguments);
/* Adds the program's variable of that name, if there is one. What registers have must be that of
 * the probe's instruction, as it is not at a return. */
struct rp_error *rp_typed_add_global(struct rp_arguments *arguments, const char *name);
/* Where each parameter is at the entry, and the result at the return: as the debug information or
 * the calling convention has it (System V, x86-64). */
void rp_typed_locate(const struct rp_debug_function *function, struct rp_location *places,
                     struct rp_location *result);
/* Declares the argument as its form says. */
void rp_typed_write(const struct rp_function_text *function, const struct rp_argument *argument);

#endif
