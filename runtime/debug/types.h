/* SPDX-License-Identifier: Apache-2.0 */
/* Types of DWARF as BTF. */
#ifndef RP_DEBUG_TYPES_H
#define RP_DEBUG_TYPES_H

#include "debug/libdw.h"
#include "kernel/btf_writer.h"
#include "util/vec.h"

/* A type whose members are still to come. */
struct rp_debug_pending {
    Dwarf_Die die;
    uint32_t id;
};

/* To be zeroed. */
struct rp_debug_types {
    struct rp_btf_writer out;
    RP_VEC(struct rp_debug_pending) pending;
    struct {
        const void *die;
        uint32_t id;
    } * known; /* a table that is at most half full */
    size_t known_count, known_capacity;
    unsigned depth;
};

/* The type that a DIE has by its DW_AT_type; 0: void. */
uint32_t rp_debug_type_of(struct rp_debug_types *types, Dwarf_Die *die);
/* The type that a DIE is. */
uint32_t rp_debug_type(struct rp_debug_types *types, Dwarf_Die *die);
/* All of it, with what the types asked for so far reach; NULL without memory. */
struct rp_btf *rp_debug_types_end(struct rp_debug_types *types);
void rp_debug_types_clear(struct rp_debug_types *types);

/* Behind const and typedefs; false: it is void. */
bool rp_debug_plain_type(Dwarf_Die *die, Dwarf_Die *out);

/* `text` with whatever cannot be in a C identifier as an underscore; malloc()ed. */
char *rp_debug_identifier(const char *text);

#endif
