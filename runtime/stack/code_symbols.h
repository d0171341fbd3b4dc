/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a program or library by their addresses, as its symbol table has them. */
#ifndef RP_STACK_CODE_SYMBOLS_H
#define RP_STACK_CODE_SYMBOLS_H

#include <stdint.h>

struct rp_code_symbols;

/* Reads them all; the descriptor stays the caller's. NULL: it cannot. */
struct rp_code_symbols *rp_code_symbols_read(int fd);
/* `symbols` may be NULL. */
void rp_code_symbols_free(struct rp_code_symbols *symbols);
/* The name, as the linker has it, of the function at an address, as the file counts them; NULL:
 * there is none. */
const char *rp_code_symbols_find(const struct rp_code_symbols *symbols, uint64_t address);

#endif
