/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of locations says for each instruction where a variable is, and is right at the entry,
 * too. A single location is meant for the whole function, but is true only behind its first
 * instructions, which store the variable there: at the entry it is where the calling convention has
 * it, unless the location itself is such that it cannot have changed, or the function begins with
 * what its author wrote.
 */
#include "debug/location.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ registers */

static struct rp_location_part at_register(unsigned reg) {
    const struct rp_arch_registers *of = &rp_arch.registers;
    bool is_float = reg >= of->first_float && reg <= of->last_float;
    bool is_known = reg < of->ip;
    return (struct rp_location_part){is_float   ? RP_LOCATION_FLOAT
                                     : is_known ? RP_LOCATION_REGISTER
                                                : RP_LOCATION_UNKNOWN,
                                     reg, 0, 0};
}

static struct rp_location_part beside_register(uint64_t reg, int64_t offset) {
    return (struct rp_location_part){reg < rp_arch.registers.ip ? RP_LOCATION_MEMORY
                                                                : RP_LOCATION_UNKNOWN,
                                     (unsigned)reg, offset, 0};
}

/* ------------------------------------------------------------------ the frame */

static bool is_entry(Dwarf_Die *function, Dwarf_Addr address) {
    Dwarf_Addr entry;
    return rp_dw_entry(function, &entry) && entry == address;
}

/* Whether it is before the instruction where debuggers stop in the function. */
static bool is_beginning(Dwarf_Die *function, Dwarf_Addr address) {
    Dwarf_Addr entry;
    RP_AUTO_FREE Dwarf_Addr *stops = NULL;
    int count = rp_dw.dwarf_entry_breakpoints(function, &stops);
    if (count < 1 || !rp_dw_entry(function, &entry))
        return true;
    for (int i = 0; i < count; i++)
        if (address >= entry && address < stops[i])
            return true;
    return false;
}

/* Whether its body's first statement begins at the entry, too, as compilers say that optimize. */
static bool begins_with_body(Dwarf_Die *function, Dwarf_Addr entry) {
    Dwarf_Die unit;
    Dwarf_Lines *lines;
    size_t count, statements = 0;
    if (!rp_dw.dwarf_diecu(function, &unit, NULL, NULL) ||
        rp_dw.dwarf_getsrclines(&unit, &lines, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = rp_dw.dwarf_onesrcline(lines, i);
        Dwarf_Addr address;
        bool begins;
        statements += !rp_dw.dwarf_lineaddr(line, &address) && address == entry &&
                      !rp_dw.dwarf_linebeginstatement(line, &begins) && begins;
    }
    return statements > 1;
}

bool rp_debug_is_of_llvm(Dwarf_Die *function) {
    const char *producer = rp_dw_producer(function);
    return producer && strstr(producer, "clang version");
}

/* gcc says what it was told; where clang optimizes, frames have no pointer of their own. */
bool rp_debug_is_optimized(Dwarf_Die *function) {
    const char *producer = rp_dw_producer(function);
    Dwarf_Attribute memory;
    Dwarf_Op *ops;
    size_t count;
    if (producer && strstr(producer, "GNU "))
        return strstr(producer, " -O") && !strstr(producer, " -O0");
    Dwarf_Attribute *base = rp_dw.dwarf_attr_integrate(function, DW_AT_frame_base, &memory);
    return base && !rp_dw.dwarf_getlocation(base, &ops, &count) && count &&
           ops[0].atom == DW_OP_reg0 + rp_arch.registers.sp;
}

/* At a function's first instruction it is behind the return address, on top of the stack. */
static struct rp_location_part find_cfa(const struct rp_debug *debug, uint64_t address) {
    struct rp_frame_row row;
    bool is_found = (debug->eh_frame && rp_frame_info_row(debug->eh_frame, address, &row)) ||
                    (debug->debug_frame &&
                     rp_frame_info_row(debug->debug_frame, address + (uint64_t)debug->bias, &row));
    return is_found && row.cfa.how == RP_FRAME_OF_REGISTER
               ? beside_register(row.cfa.reg, row.cfa.offset)
               : (struct rp_location_part){RP_LOCATION_UNKNOWN, 0, 0, 0};
}

void rp_debug_frame(const struct rp_debug *debug, Dwarf_Die *function, uint64_t address,
                    struct rp_frame *out) {
    Dwarf_Attribute memory;
    Dwarf_Op *ops;
    size_t count;
    Dwarf_Addr there = address + (uint64_t)debug->bias;
    *out = (struct rp_frame){.address = there, .is_entry = is_entry(function, there)};
    out->is_beginning = out->is_entry || is_beginning(function, there);
    out->has_registers =
        out->is_entry && (rp_debug_is_of_llvm(function) || begins_with_body(function, there));
    out->cfa = out->is_entry ? beside_register(rp_arch.registers.sp, rp_arch.registers.pushed)
                             : find_cfa(debug, address);
    Dwarf_Attribute *attr = rp_dw.dwarf_attr_integrate(function, DW_AT_frame_base, &memory);
    if (!attr || rp_dw.dwarf_getlocation_addr(attr, there, &ops, &count, 1) != 1 || count != 1)
        return;
    out->has_cfa = ops[0].atom == DW_OP_call_frame_cfa;
    out->has_bp = ops[0].atom == DW_OP_reg0 + rp_arch.registers.fp;
    out->has_sp = ops[0].atom == DW_OP_reg0 + rp_arch.registers.sp;
}

/* ------------------------------------------------------------------ one part */

/* Addresses are counted round and round, as processors do. */
static int64_t sum(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* The frame's pointer is, or will be, that far below the CFA. */
static struct rp_location_part in_frame(const struct rp_frame *f, int64_t offset) {
    struct rp_location_part part = {RP_LOCATION_UNKNOWN, 0, 0, 0};
    if (f->has_cfa || f->has_bp)
        part = f->cfa;
    else if (f->has_sp) /* as the function's first instructions have moved it */
        part = beside_register(rp_arch.registers.sp, 0);
    part.offset = sum(sum(part.offset, offset), f->has_bp ? -(int64_t)rp_arch.registers.frame : 0);
    return part;
}

static struct rp_location_part of_op(const struct rp_frame *f, const Dwarf_Op *op) {
    if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
        return at_register(op->atom - DW_OP_reg0);
    if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
        return beside_register(op->atom - DW_OP_breg0, (int64_t)op->number);
    if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
        return (struct rp_location_part){RP_LOCATION_STATIC, 0, op->atom - DW_OP_lit0, 0};
    switch (op->atom) {
    case DW_OP_regx:
        return at_register(op->number > rp_arch.registers.last_float ? UINT32_MAX
                                                                     : (unsigned)op->number);
    case DW_OP_bregx:
        return beside_register(op->number, (int64_t)op->number2);
    case DW_OP_fbreg:
        return in_frame(f, (int64_t)op->number);
    case DW_OP_call_frame_cfa:
        return f->cfa;
    case DW_OP_addr:
    case DW_OP_const1u:
    case DW_OP_const2u:
    case DW_OP_const4u:
    case DW_OP_const8u:
    case DW_OP_constu:
    case DW_OP_const1s:
    case DW_OP_const2s:
    case DW_OP_const4s:
    case DW_OP_const8s:
    case DW_OP_consts:
        return (struct rp_location_part){RP_LOCATION_STATIC, 0, (int64_t)op->number, 0};
    default:
        return (struct rp_location_part){RP_LOCATION_UNKNOWN, 0, 0, 0};
    }
}

/* What an address turns out to be where the expression says that it is the value itself. */
static void make_value(struct rp_location_part *part) {
    if (part->kind == RP_LOCATION_MEMORY)
        part->kind = part->offset ? RP_LOCATION_VALUE : RP_LOCATION_REGISTER;
    else if (part->kind == RP_LOCATION_STATIC)
        part->kind = RP_LOCATION_CONSTANT;
    else
        part->kind = RP_LOCATION_UNKNOWN;
}

/* ------------------------------------------------------------------ an expression */

static bool is_end_of_part(const Dwarf_Op *op) {
    return op->atom == DW_OP_piece || op->atom == DW_OP_bit_piece;
}

/* Of `count` operations those up to the end of the part; false: it cannot be said. */
static struct rp_location_part read_part(const struct rp_frame *f, const Dwarf_Op *ops,
                                         size_t count) {
    /* A pointer to what is nowhere: the function was changed to take something else. */
    if (!count || ops[0].atom == DW_OP_implicit_pointer ||
        ops[0].atom == DW_OP_GNU_implicit_pointer)
        return (struct rp_location_part){RP_LOCATION_GONE, 0, 0, 0};
    struct rp_location_part part = of_op(f, &ops[0]);
    for (size_t i = 1; i < count; i++) {
        if (ops[i].atom == DW_OP_stack_value && i + 1 == count)
            make_value(&part);
        else if (ops[i].atom == DW_OP_plus_uconst &&
                 (part.kind == RP_LOCATION_MEMORY || part.kind == RP_LOCATION_STATIC))
            part.offset = sum(part.offset, (int64_t)ops[i].number);
        else if (ops[i].atom != DW_OP_nop)
            part.kind = RP_LOCATION_UNKNOWN;
    }
    return part;
}

static void read_expression(const struct rp_frame *f, const Dwarf_Op *ops, size_t count,
                            struct rp_location *out) {
    static const struct rp_location_part unknown = {RP_LOCATION_UNKNOWN, 0, 0, 0};
    *out = (struct rp_location){.count = 1};
    for (size_t from = 0, parts = 0;; parts++) {
        size_t end = from;
        while (end < count && !is_end_of_part(&ops[end]))
            end++;
        if (parts == RP_LOCATION_PARTS || (end < count && ops[end].atom == DW_OP_bit_piece)) {
            *out = (struct rp_location){.parts = {unknown}, .count = 1};
            return;
        }
        out->parts[parts] = read_part(f, ops + from, end - from);
        out->count = (unsigned)parts + 1;
        if (end == count)
            return;
        out->parts[parts].bytes = ops[end].number > 4096 ? 4096 : (unsigned)ops[end].number;
        from = end + 1;
        if (from == count)
            return;
    }
}

/* ------------------------------------------------------------------ addresses */

/* Since DWARF 5 it may be the number of one in a table. */
bool rp_debug_fixed_address(Dwarf_Attribute *location, const Dwarf_Op *op, Dwarf_Addr *out) {
    Dwarf_Attribute there;
    *out = op->number;
    if (op->atom != DW_OP_addrx && op->atom != DW_OP_GNU_addr_index)
        return op->atom == DW_OP_addr;
    return !rp_dw.dwarf_getlocation_attr(location, op, &there) &&
           !rp_dw.dwarf_formaddr(&there, out);
}

/* The same operations with addresses as they are; malloc()ed, NULL: without memory. */
static Dwarf_Op *with_addresses(Dwarf_Attribute *location, const Dwarf_Op *ops, size_t count) {
    Dwarf_Op *plain = calloc(count, sizeof(*plain));
    for (size_t i = 0; plain && i < count; i++) {
        Dwarf_Addr address;
        plain[i] = ops[i];
        if (rp_debug_fixed_address(location, &ops[i], &address)) {
            plain[i].atom = DW_OP_addr;
            plain[i].number = address;
        }
    }
    return plain;
}

/* ------------------------------------------------------------------ a variable */

static bool is_list(Dwarf_Attribute *attr) {
    switch (rp_dw.dwarf_whatform(attr)) {
    case DW_FORM_sec_offset:
    case DW_FORM_data4:
    case DW_FORM_data8:
    case DW_FORM_loclistx:
        return true;
    default:
        return false;
    }
}

/* Whether it is counted from the function's frame, and not from what a register will have. */
static bool is_of_frame(const Dwarf_Op *ops, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((ops[i].atom >= DW_OP_breg0 && ops[i].atom <= DW_OP_breg31) ||
            ops[i].atom == DW_OP_bregx)
            return false;
    return true;
}

/* Whether it is worked out from what was passed to the function, or to a copy of it that takes
 * more. */
static bool is_computed(const Dwarf_Op *ops, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (ops[i].atom == DW_OP_GNU_parameter_ref || ops[i].atom == DW_OP_entry_value ||
            ops[i].atom == DW_OP_GNU_entry_value)
            return true;
    return false;
}

/* A fixed address, or a register that nothing before the function's body has changed. */
static bool is_unchanged(const struct rp_frame *f, const struct rp_location *place) {
    if (place->count == 1 && place->parts[0].kind == RP_LOCATION_STATIC)
        return true;
    return f->has_registers && place->count == 1 && place->parts[0].kind == RP_LOCATION_REGISTER;
}

/* Whether a single location is on the stack where the caller has put it. */
static bool is_caller_s(const struct rp_frame *f, const struct rp_location *place) {
    for (unsigned i = 0; i < place->count; i++) {
        const struct rp_location_part *part = &place->parts[i];
        if (part->kind != RP_LOCATION_MEMORY || f->cfa.kind != RP_LOCATION_MEMORY ||
            part->reg != f->cfa.reg || part->offset < f->cfa.offset || !(f->has_cfa || f->has_bp))
            return false;
    }
    return true;
}

void rp_debug_location(const struct rp_frame *frame, Dwarf_Die *variable, struct rp_location *out) {
    static const struct rp_location gone = {.parts = {{RP_LOCATION_GONE, 0, 0, 0}}, .count = 1};
    Dwarf_Attribute memory;
    Dwarf_Op *ops;
    size_t count = 0;
    *out = gone;
    Dwarf_Attribute *attr = rp_dw.dwarf_attr(variable, DW_AT_const_value, &memory);
    Dwarf_Sword value;
    if (attr && !rp_dw.dwarf_formsdata(attr, &value)) {
        *out = (struct rp_location){.parts = {{RP_LOCATION_CONSTANT, 0, value, 0}}, .count = 1};
        return;
    }
    attr = rp_dw.dwarf_attr(variable, DW_AT_location, &memory);
    if (!attr || rp_dw.dwarf_getlocation_addr(attr, frame->address, &ops, &count, 1) != 1 || !count)
        return;
    if (frame->is_entry && is_computed(ops, count)) /* it is not passed itself */
        return;
    RP_AUTO_FREE Dwarf_Op *plain = with_addresses(attr, ops, count);
    if (!plain)
        return;
    read_expression(frame, plain, count, out);
    out->is_single = frame->is_beginning && !is_list(attr) && !is_unchanged(frame, out) &&
                     !(is_of_frame(ops, count) && is_caller_s(frame, out));
}
