/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/btf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

/* Kept, because the kernel's types do not change while this process lives. */
static struct rp_btf *vmlinux;
static struct btf *vmlinux_of_libbpf;
static int vmlinux_errno;

const struct rp_btf *rp_kernel_types_or_null(void) {
    if (!vmlinux && !vmlinux_errno) {
        vmlinux = rp_btf_open("/sys/kernel/btf/vmlinux", NULL);
        if (!vmlinux)
            vmlinux_errno = errno ? errno : ENOENT;
    }
    return vmlinux;
}

struct rp_error *rp_kernel_types(const struct rp_btf **out) {
    *out = rp_kernel_types_or_null();
    if (*out)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(vmlinux_errno, "/sys/kernel/btf/vmlinux cannot be read",
                     "cannot get the kernel's types"),
        "this kernel was built without CONFIG_DEBUG_INFO_BTF: install its headers and use "
        "--types=headers, or run it in the lab: scripts/lab -- …");
}

const struct btf *rp_kernel_btf_or_null(void) {
    const struct rp_btf *types = rp_kernel_types_or_null();
    if (!vmlinux_of_libbpf && types)
        vmlinux_of_libbpf = btf__new(types->bytes, (uint32_t)types->size);
    return vmlinux_of_libbpf;
}

struct rp_btf *rp_kernel_module_types(void) {
    const struct rp_btf *base = rp_kernel_types_or_null();
    RP_AUTO_CLOSEDIR DIR *dir = base ? opendir("/sys/kernel/btf") : NULL;
    struct rp_btf *list = NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (*entry->d_name == '.' || strcmp(entry->d_name, "vmlinux") == 0)
            continue;
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "/sys/kernel/btf/%s", entry->d_name);
        struct rp_btf *one = rp_btf_open(path, base);
        if (!one)
            continue; /* unloaded meanwhile, or from another build of the kernel */
        one->module = strdup(entry->d_name);
        one->next = list;
        list = one;
    }
    return list;
}

void rp_kernel_btf_release(void) {
    btf__free(rp_take(vmlinux_of_libbpf));
    rp_btf_free(rp_take(vmlinux));
}
