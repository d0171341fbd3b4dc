/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/code_symbols.h"

#include <elf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/bcc.h"
#include "util/vec.h"

struct code_symbol {
    uint64_t address, size;
    char *name;
};

struct rp_code_symbols {
    RP_VEC(struct code_symbol);
};

static int take(const char *name, uint64_t address, uint64_t size, void *ctx) {
    struct rp_code_symbols *symbols = ctx;
    struct code_symbol symbol = {address, size, strdup(name)};
    if (symbol.name && rp_vec_push(symbols, symbol))
        return 0;
    free(symbol.name);
    return -1;
}

static int compare(const void *a, const void *b) {
    const struct code_symbol *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static void end_at(struct rp_code_symbols *symbols, uint64_t start, uint64_t end) {
    for (size_t i = 0; i < symbols->count; i++) {
        struct code_symbol *symbol = &symbols->items[i];
        if (!symbol->size && symbol->address >= start && symbol->address < end)
            symbol->size = end - symbol->address;
    }
}

/* Functions of assemblers have no size: such a one ends where the next one begins, or with its
 * section, behind which is what has no symbols (the stubs that call libraries). */
static void end_with_sections(struct rp_code_symbols *symbols, int fd) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    for (Elf_Scn *scn = elf ? elf_nextscn(elf, NULL) : NULL; scn; scn = elf_nextscn(elf, scn)) {
        GElf_Shdr header;
        if (gelf_getshdr(scn, &header) && header.sh_flags & SHF_EXECINSTR)
            end_at(symbols, header.sh_addr, header.sh_addr + header.sh_size);
    }
    elf_end(elf);
}

struct rp_code_symbols *rp_code_symbols_read(int fd) {
    struct bcc_symbol_option option = {.use_symbol_type = 1U << STT_FUNC | 1U << STT_GNU_IFUNC};
    struct rp_code_symbols *symbols = calloc(1, sizeof(*symbols));
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!symbols || rp_bcc()->bcc_elf_foreach_sym(path, take, &option, symbols) < 0) {
        rp_code_symbols_free(symbols);
        return NULL;
    }
    end_with_sections(symbols, fd);
    if (symbols->count)
        qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare);
    return symbols;
}

void rp_code_symbols_free(struct rp_code_symbols *symbols) {
    if (!symbols)
        return;
    for (size_t i = 0; i < symbols->count; i++)
        free(symbols->items[i].name);
    rp_vec_clear(symbols);
    free(symbols);
}

const char *rp_code_symbols_find(const struct rp_code_symbols *symbols, uint64_t address) {
    size_t from = 0, to = symbols->count;
    while (from < to) { /* the first one behind the address */
        size_t middle = from + (to - from) / 2;
        if (symbols->items[middle].address <= address)
            from = middle + 1;
        else
            to = middle;
    }
    const struct code_symbol *found = from ? &symbols->items[from - 1] : NULL;
    return found && address - found->address < found->size ? found->name : NULL;
}
