/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a function that an instruction is in. */
#ifndef RP_DEBUG_SCOPE_H
#define RP_DEBUG_SCOPE_H

#include "debug/libdw.h"
#include "debug/programs.h"

#define RP_SCOPES_MAX 32

/* From the outermost, the function itself or one that is inlined in it, to the innermost. */
struct rp_scopes {
    Dwarf_Die list[RP_SCOPES_MAX];
    unsigned count;
};

/* `function` is the one whose code is at the address. `line` NULL: what is inlined there is none of
 * it; else the blocks of the function that has that line. False: that one has no code there, and
 * the blocks are those of the innermost function that has. */
bool rp_debug_scopes(Dwarf_Die *function, Dwarf_Addr address, const struct rp_source_line *line,
                     struct rp_scopes *out);
/* All of them, whatever is inlined there. */
void rp_debug_inlined_scopes(Dwarf_Die *function, Dwarf_Addr address, struct rp_scopes *out);

#endif
