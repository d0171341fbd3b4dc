/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>

#include "arch/arch.h"

/* arch/arm64/include: asm/ptrace.h; asm/thread_info.h: TIF_32BIT. */
const struct rp_arch rp_arch = {
    .macro = "__aarch64__",
    .libbpfs = "arm64",
    .arguments = {272, 8, 16, 24, 32, 40}, /* orig_x0, regs[1] to regs[5] */
    .number = 280,                         /* syscallno */
    .clone = "unsigned long clone_flags, unsigned long newsp, int * parent_tidptr, "
             "unsigned long tls, int * child_tidptr",
    .narrow_member = "flags",
    .narrow_type = "unsigned long",
    .narrow_bit = 22,
    .instruction = 4,
    .elf = EM_AARCH64,
    .copy_relocation = R_AARCH64_COPY,
};
