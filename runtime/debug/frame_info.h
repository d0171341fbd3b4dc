/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame information: where a function's caller and its registers are, for each instruction of
 * a program, as its .eh_frame or .debug_frame has it (DWARF 5, 6.4; LSB 5, 10.6).
 *
 * Who wrote the file may be anybody, and root reads it: nothing in it makes this take more memory
 * than the file has, or more time than its length is worth. libdw's reader takes what memory
 * the file asks for (elfutils 0.188 to 0.192: 2 GiB for one instruction).
 */
#ifndef RP_DEBUG_FRAME_INFO_H
#define RP_DEBUG_FRAME_INFO_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RP_FRAME_REGISTERS 33 /* numbered as DWARF does; of others nothing is told */

/* The caller's value of a register, or the CFA: the stack's address where the function was called.
 */
struct rp_frame_value {
    enum {
        RP_FRAME_UNSAID,
        RP_FRAME_UNDEFINED,
        RP_FRAME_SAME,
        RP_FRAME_IN_MEMORY,               /* at the CFA and the offset */
        RP_FRAME_OF_CFA,                  /* the CFA and the offset */
        RP_FRAME_OF_REGISTER,             /* a register's value and the offset */
        RP_FRAME_IN_MEMORY_OF_EXPRESSION, /* its address is what `ops`, with the CFA first, come to
                                           */
        RP_FRAME_OF_EXPRESSION,           /* its value */
    } how;
    uint64_t reg;
    int64_t offset;     /* bytes */
    const uint8_t *ops; /* as long as the file's Elf lives */
    size_t ops_size;
};

/* What holds at one instruction. */
struct rp_frame_row {
    struct rp_frame_value cfa; /* of a register, or of an expression */
    struct rp_frame_value registers[RP_FRAME_REGISTERS];
    unsigned return_register; /* its value is where the caller goes on */
    bool is_signal; /* a signal came: that address is the next instruction's, not a call's */
};

struct rp_frame_info;

/* Of an ELF file of this machine. They read from it: it is to be ended after them. NULL: there is
 * none, or no memory. */
struct rp_frame_info *rp_frame_info_of_eh_frame(Elf *elf);
struct rp_frame_info *rp_frame_info_of_debug_frame(Elf *elf);
void rp_frame_info_free(struct rp_frame_info *info);

/* False: nothing tells of that address, which is one of the file. */
bool rp_frame_info_row(struct rp_frame_info *info, uint64_t address, struct rp_frame_row *out);

#endif
