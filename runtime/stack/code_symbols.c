/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/code_symbols.h"

#include <elf.h>
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

struct rp_code_symbols *rp_code_symbols_read(int fd) {
    struct bcc_symbol_option option = {.use_symbol_type = 1U << STT_FUNC | 1U << STT_GNU_IFUNC};
    struct rp_code_symbols *symbols = calloc(1, sizeof(*symbols));
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!symbols || rp_bcc()->bcc_elf_foreach_sym(path, take, &option, symbols) < 0) {
        rp_code_symbols_free(symbols);
        return NULL;
    }
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

/* Those of assemblers have no size, and end where the next one begins. */
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
    return found && (!found->size || address - found->address < found->size) ? found->name : NULL;
}
