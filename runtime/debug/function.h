/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_DEBUG_FUNCTION_H
#define RP_DEBUG_FUNCTION_H

#include "debug/program.h"

/* The function that the code at an address of `dwarf` is of; false: it tells of none. */
bool rp_debug_find_function(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *out);
/* What it says of itself, when the instruction at `address` of the program's file is next; *out is
 * freed by rp_debug_function_free(). */
struct rp_error *rp_debug_function_read(const struct rp_debug *debug, Dwarf_Die *function,
                                        uint64_t address, const struct rp_source_line *line,
                                        struct rp_debug_function **out);
void rp_debug_function_free(struct rp_debug_function *function);

#endif
