/* SPDX-License-Identifier: Apache-2.0 */
/* A processor that nothing is known of but its name. */
#include "arch/arch.h"

const struct rp_arch rp_arch = {
#if defined(__s390x__)
    .macro = "__s390x__",
    .libbpfs = "s390",
#elif defined(__powerpc64__)
    .macro = "__powerpc64__",
    .libbpfs = "powerpc",
#elif defined(__riscv)
    .macro = "__riscv",
    .libbpfs = "riscv",
#endif
    .copy_relocation = UINT32_MAX,
};
