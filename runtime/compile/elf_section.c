/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/elf_section.h"

#include <string.h>

bool rp_elf_section(Elf *elf, const char *wanted, const void **data, size_t *size) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names))
        return false;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
        GElf_Shdr header;
        const char *section =
            gelf_getshdr(scn, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (!section || strcmp(section, wanted) != 0)
            continue;
        const Elf_Data *content = elf_rawdata(scn, NULL);
        if (!content || !content->d_buf)
            return false;
        *data = content->d_buf;
        *size = content->d_size;
        return true;
    }
    return false;
}
