/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of C++'s libraries, whose layout is part of their ABIs. */
#ifndef RP_DEBUG_STRINGS_H
#define RP_DEBUG_STRINGS_H

#include "debug/libdw.h"
#include "kernel/btf_writer.h"

/* Says the type `id` of a string, or of a part of one, that the unit only declares: clang expects
 * another to have it. false: it is another type, or of a library that is not known. */
bool rp_debug_write_string(struct rp_btf_writer *out, uint32_t id, Dwarf_Die *die,
                           const char *name);

/* std::string, which is passed by its address, and std::string_view, which is passed as it is. */
bool rp_debug_is_string(Dwarf_Die *die);
bool rp_debug_is_string_view(Dwarf_Die *die);

#endif
