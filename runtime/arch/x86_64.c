/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>

#include "arch/arch.h"

/* The order of the first is Intel's of instructions, not that of their names. */
static const char *const registers[] = {"ax", "dx",  "cx",  "bx",  "si",  "di",  "bp",  "sp", "r8",
                                        "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip"};
enum { AX = 0, DX = 1, CX = 2, SI = 4, DI = 5, BP = 6, SP = 7, R8 = 8, R9 = 9, IP = 16, XMM0 = 17 };

/* arch/x86/include: asm/ptrace.h; asm/thread_info.h: TS_COMPAT, which int 0x80 of a 64-bit program
 * sets, too; asm/preempt.h. System V's ABI for x86-64, 3.2.3. */
const struct rp_arch rp_arch = {
    .macro = "__x86_64__",
    .libbpfs = "x86",
    .arguments = {112, 104, 96, 56, 72, 64}, /* di, si, dx, r10, r8, r9 */
    .number = 120,                           /* orig_ax */
    .narrow_member = "status",
    .narrow_type = "u32",
    .narrow_bit = 1,
    .runs_narrow = "/proc/sys/abi/vsyscall32", /* it has a vDSO for them then (IA32_EMULATION) */
    .marked = 1U << 30,
    .registers = {.names = registers,
                  .count = sizeof(registers) / sizeof(*registers),
                  .sp = SP,
                  .fp = BP,
                  .ip = IP,
                  .first_float = XMM0,
                  .last_float = XMM0 + 15,
                  .passed = {DI, SI, DX, CX, R8, R9},
                  .passed_count = 6,
                  .passed_floats = 8,
                  .returned = {AX, DX},
                  .pushed = 8,
                  .frame = 16},
    .passes_wholes = true,
    .has_convention = true,
    .unwinds = true,
    .has_preempt_count = true,
    .elf = EM_X86_64,
    .copy_relocation = R_X86_64_COPY,
};
