/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <errno.h>

#include "util/error.h"

/* Read once and kept: it is the kernel's, and does not change while this process lives. */
static struct btf *vmlinux;
static int vmlinux_errno;

const struct btf *rp_kernel_btf_or_null(void) {
    if (!vmlinux && !vmlinux_errno) {
        vmlinux = btf__load_vmlinux_btf();
        if (!vmlinux)
            vmlinux_errno = errno ? errno : ENOENT;
    }
    return vmlinux;
}

struct rp_error *rp_kernel_btf(const struct btf **out) {
    *out = rp_kernel_btf_or_null();
    if (*out)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(vmlinux_errno, "/sys/kernel/btf/vmlinux cannot be read",
                     "cannot get the kernel's types"),
        "this kernel was built without CONFIG_DEBUG_INFO_BTF: install its headers and use "
        "--types=headers, or run it in the lab: scripts/lab -- …");
}
