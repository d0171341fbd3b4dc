/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/privileges.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* Symbols and stacks: /proc/PID/maps, programs and libraries of any user, also those that were
 * replaced since (/proc/PID/map_files, Linux 5.9), /proc/kallsyms. And the end of a command that
 * has become another user. */
static const uint64_t kept = BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYSLOG) |
                             BIT(CAP_KILL) | BIT(RP_CAP_CHECKPOINT_RESTORE);
static const uint64_t bpf = BIT(RP_CAP_BPF) | BIT(RP_CAP_PERFMON) | BIT(CAP_SYS_ADMIN);

void rp_privileges_drop(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_capget, &header, data))
        return;
    uint64_t keep = rp_kernel_at_least(6, 0) ? kept : kept | bpf;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted &= (uint32_t)(keep >> (32 * i));
        data[i].effective &= data[i].permitted;
        data[i].inheritable = 0;
    }
    syscall(SYS_capset, &header, data);
}
