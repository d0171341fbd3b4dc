/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/machine.h"

void rp_print_machine(const struct rp_disassembler *disassembler, const uint8_t *code, size_t size,
                      uint64_t address, void (*before)(void *ctx, uint64_t address), void *ctx,
                      FILE *out) {
    for (size_t at = 0; at < size && !ferror(out);) {
        char text[160];
        before(ctx, address + at);
        size_t length =
            rp_disassemble(disassembler, code + at, size - at, address + at, text, sizeof(text));
        if (length)
            fprintf(out, "%6zx: %s\n", at, text);
        else
            fprintf(out, "%6zx: byte 0x%02x\n", at, code[at]);
        at += length ? length : 1;
    }
}
