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

static bool is_hidden(const GElf_Sym *symbol) {
    unsigned char visibility = GELF_ST_VISIBILITY(symbol->st_other);
    return GELF_ST_TYPE(symbol->st_info) == STT_FUNC &&
           GELF_ST_BIND(symbol->st_info) != STB_LOCAL &&
           (visibility == STV_HIDDEN || visibility == STV_INTERNAL);
}

void rp_elf_each_hidden(Elf *elf, void (*each)(void *ctx, const char *function), void *ctx) {
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
        GElf_Shdr header;
        GElf_Sym symbol;
        if (!gelf_getshdr(scn, &header) || header.sh_type != SHT_SYMTAB)
            continue;
        Elf_Data *symbols = elf_getdata(scn, NULL);
        for (int i = 0; symbols && gelf_getsym(symbols, i, &symbol); i++) {
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name && is_hidden(&symbol))
                each(ctx, name);
        }
    }
}
