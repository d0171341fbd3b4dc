/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc includes its own copy of the kernel's uapi bpf.h and a helpers.h, which its API does not
 * hand out. Both are string literals in the library, so they are found in its read-only memory by
 * their include guards; which release of libbcc it is does not matter.
 */
#include "compile/libbcc_text.h"

#include <bcc/bcc_common.h>
#include <elf.h>
#include <link.h>
#include <string.h>

static struct rp_scan scan;

static const char *const guards[] = {"#ifndef _UAPI__LINUX_BPF_H__", "#ifndef __BPF_HELPERS_H"};

static int scan_object(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    (void)ctx;
    uintptr_t wanted = (uintptr_t)&bpf_module_create_c_from_string;
    bool is_libbcc = strstr(info->dlpi_name, "libbcc") != NULL;
    for (int i = 0; i < info->dlpi_phnum && !is_libbcc; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        is_libbcc = info->dlpi_phdr[i].p_type == PT_LOAD && wanted >= start &&
                    wanted < start + info->dlpi_phdr[i].p_memsz;
    }
    for (int i = 0; i < info->dlpi_phnum && is_libbcc; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        if (ph->p_type != PT_LOAD || (ph->p_flags & (PF_R | PF_W | PF_X)) != PF_R)
            continue;
        const char *start = (const char *)info->dlpi_addr + ph->p_vaddr;
        for (size_t g = 0; g < sizeof(guards) / sizeof(guards[0]); g++) {
            const char *found = memmem(start, ph->p_memsz, guards[g], strlen(guards[g]));
            if (found)
                rp_scan_text(&scan, found, strnlen(found, ph->p_memsz - (size_t)(found - start)));
        }
    }
    return is_libbcc;
}

const struct rp_scan *rp_libbcc_scan(void) {
    if (!scan.mentioned.count)
        dl_iterate_phdr(scan_object, NULL);
    return &scan;
}
