/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"

const char *const rp_arch_syscalls[RP_ARCH_SYSCALLS] = {
    /* of a kernel: by architecture since Linux 4.17, sys_ before and elsewhere */
    "__x64_sys_",
    "__arm64_sys_",
    "__s390x_sys_",
    "__riscv_sys_",
    "sys_",
    /* another spelling of sys_ */
    "SyS_",
    /* functions of their own, for tasks of another width, or within the first */
    "__ia32_compat_sys_",
    "__ia32_sys_",
    "__s390_sys_",
    "__x32_compat_sys_",
    "__se_compat_sys_",
    "__se_sys_",
    "__do_sys_",
    "__arm64_compat_sys_",
    "compat_sys_",
};
