/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an ELF file. */
#ifndef RP_COMPILE_ELF_SECTION_H
#define RP_COMPILE_ELF_SECTION_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>

/* The content of the section of that name, which is the file's; false if there is none. */
bool rp_elf_section(Elf *elf, const char *name, const void **data, size_t *size);

/* Calls `each` with every global function that other files do not see (libbpf's __hidden). */
void rp_elf_each_hidden(Elf *elf, void (*each)(void *ctx, const char *function), void *ctx);

#endif
