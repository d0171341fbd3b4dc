/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/kcore.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

static bool read_at(int fd, void *to, size_t size, uint64_t offset) {
    return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

size_t rp_kernel_read_code(uint64_t address, uint8_t *code, size_t size) {
    RP_AUTO_CLOSE int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
    Elf64_Ehdr head;
    if (fd < 0 || !read_at(fd, &head, sizeof(head), 0) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
        return 0;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr part;
        if (!read_at(fd, &part, sizeof(part), head.e_phoff + i * sizeof(part)))
            return 0;
        if (part.p_type != PT_LOAD || address < part.p_vaddr ||
            address - part.p_vaddr >= part.p_memsz)
            continue;
        uint64_t left = part.p_memsz - (address - part.p_vaddr);
        ssize_t got = pread(fd, code, size < left ? size : left,
                            (off_t)(part.p_offset + (address - part.p_vaddr)));
        return got > 0 ? (size_t)got : 0;
    }
    return 0;
}
