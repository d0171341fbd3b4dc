/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>

#include "arch/arch.h"

/* arch/x86/include: asm/ptrace.h; asm/thread_info.h: TS_COMPAT, which int 0x80 of a 64-bit program
 * sets, too; asm/preempt.h. System V's ABI for x86-64, 3.2.3. */
const struct rp_arch rp_arch = {
    .macro = "__x86_64__",
    .libbpfs = "x86",
    .arguments = {112, 104, 96, 56, 72, 64}, /* di, si, dx, r10, r8, r9 */
    .narrow_member = "status",
    .narrow_type = "u32",
    .narrow_bit = 1,
    .runs_narrow = "/proc/sys/abi/vsyscall32", /* it has a vDSO for them then (IA32_EMULATION) */
    .marked = 1U << 30,
    .passes_wholes = true,
    .has_convention = true,
    .unwinds = true,
    .has_preempt_count = true,
    .elf = EM_X86_64,
    .copy_relocation = R_X86_64_COPY,
};
