/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/elf_strip.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

/* ".debug_line", ".rel.debug_line" */
static bool is_dwarf(const char *section) {
    static const char rel[] = ".rel", debug[] = ".debug_";
    const char *name = section + (strncmp(section, rel, strlen(rel)) ? 0 : strlen(rel));
    return strncmp(name, debug, strlen(debug)) == 0;
}

/* The sections stay, since others count them. */
static bool empty(Elf_Scn *scn) {
    for (Elf_Data *data = NULL; (data = elf_getdata(scn, data));) {
        data->d_size = 0;
        elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
    }
    return elf_flagscn(scn, ELF_C_SET, ELF_F_DIRTY) != 0;
}

static bool empty_all(Elf *elf) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names))
        return false;
    bool ok = true;
    for (Elf_Scn *scn = NULL; ok && (scn = elf_nextscn(elf, scn));) {
        GElf_Shdr header;
        const char *name =
            gelf_getshdr(scn, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        ok = name && (!is_dwarf(name) || empty(scn));
    }
    return ok && elf_update(elf, ELF_C_WRITE) > 0;
}

void rp_elf_strip(void **elf, size_t *size) {
    RP_AUTO_CLOSE int fd = memfd_create("reprobe", MFD_CLOEXEC);
    if (fd < 0 || pwrite(fd, *elf, *size, 0) != (ssize_t)*size)
        return;
    elf_version(EV_CURRENT);
    Elf *file = elf_begin(fd, ELF_C_RDWR, NULL);
    bool done = file && empty_all(file);
    if (file)
        elf_end(file);
    size_t stripped_size = 0;
    void *stripped = done ? rp_file_bytes(fd, &stripped_size) : NULL;
    if (!stripped)
        return;
    free(*elf);
    *elf = stripped;
    *size = stripped_size;
}
