/* SPDX-License-Identifier: Apache-2.0 */
/* Machine code as instructions. */
#ifndef RP_INSPECT_MACHINE_H
#define RP_INSPECT_MACHINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/disassembler.h"

/* Writes the `size` bytes of code that are at `address`, an instruction a line. `before` is called
 * for each of them, and may write what it is of. */
void rp_print_machine(const struct rp_disassembler *disassembler, const uint8_t *code, size_t size,
                      uint64_t address, void (*before)(void *ctx, uint64_t address), void *ctx,
                      FILE *out);

#endif
