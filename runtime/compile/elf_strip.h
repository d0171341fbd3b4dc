/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody reads of an ELF file of BPF: DWARF, of which the compiler makes BTF. Of a text that
 * is not in a file it has the text, and every header. */
#ifndef RP_COMPILE_ELF_STRIP_H
#define RP_COMPILE_ELF_STRIP_H

#include <stddef.h>

/* Replaces the file at *elf, which is malloc()ed, by one without; where that fails it stays. */
void rp_elf_strip(void **elf, size_t *size);

#endif
