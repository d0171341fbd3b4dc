/* SPDX-License-Identifier: Apache-2.0 */
/* Where a variable is when an instruction of its function is next. */
#ifndef RP_DEBUG_LOCATION_H
#define RP_DEBUG_LOCATION_H

#include "debug/program.h"

/* What the function's own location is counted from. */
struct rp_frame {
    Dwarf_Addr address;          /* of the instruction */
    bool is_entry;               /* it is the function's first */
    bool is_beginning;           /* or one of those that make the frame and store what was passed */
    bool has_registers;          /* it is the first, and registers are what they are in the body */
    bool has_cfa;                /* the frame's base is what DWARF calls the CFA; */
    bool has_bp;                 /* or the register rbp, behind the function's beginning; */
    bool has_sp;                 /* or rsp, which is the same at all of these instructions */
    struct rp_location_part cfa; /* that address; of RP_LOCATION_UNKNOWN where nothing tells */
};

/* `function` is the one whose code is at `address` of the program's file. */
void rp_debug_frame(const struct rp_debug *debug, Dwarf_Die *function, uint64_t address,
                    struct rp_frame *out);
/* Of a parameter or variable with its own code. */
void rp_debug_location(const struct rp_frame *frame, Dwarf_Die *variable, struct rp_location *out);

/* The address that the operation of a location is; false: it is something else. */
bool rp_debug_fixed_address(Dwarf_Attribute *location, const Dwarf_Op *op, Dwarf_Addr *out);
/* Whether LLVM has made its code: there locations are lists wherever a place is not one from the
 * first instruction on. */
bool rp_debug_is_of_llvm(Dwarf_Die *function);
/* Whether the compiler has optimized it. */
bool rp_debug_is_optimized(Dwarf_Die *function);

#endif
