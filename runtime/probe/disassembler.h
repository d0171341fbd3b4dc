/* SPDX-License-Identifier: Apache-2.0 */
/* LLVM's disassemblers, of BPF and of this machine. */
#ifndef RP_PROBE_DISASSEMBLER_H
#define RP_PROBE_DISASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct rp_disassembler;

enum rp_instructions { RP_INSTRUCTIONS_BPF, RP_INSTRUCTIONS_MACHINE };

/* `name_at` (may be NULL) gives the name of what is called at an address, or NULL; it must live
 * until the next one is asked for. NULL where LLVM was built without that target. */
struct rp_disassembler *rp_disassembler_new(enum rp_instructions which,
                                            const char *(*name_at)(void *ctx, uint64_t address),
                                            void *ctx);
/* Writes the instruction at the beginning of `bytes`, which is at `address`. Returns how many bytes
 * it has; 0 when it is not an instruction. */
size_t rp_disassemble(const struct rp_disassembler *disassembler, const uint8_t *bytes, size_t size,
                      uint64_t address, char *text, size_t text_size);
/* The instructions of this machine around byte `offset` of `code`, which begins with one. */
struct rp_boundary {
    bool known;             /* false: something before it is not an instruction that LLVM knows */
    uint64_t before, after; /* where the one begins that has the byte, and the one behind it */
};
struct rp_boundary rp_find_boundary(const uint8_t *code, size_t size, uint64_t offset);
/* NULL is allowed. */
void rp_disassembler_free(struct rp_disassembler *disassembler);

#define RP_AUTO_DISASSEMBLER RP_AUTO(rp_cleanup_disassembler)
static inline void rp_cleanup_disassembler(struct rp_disassembler **disassembler) {
    rp_disassembler_free(*disassembler);
}

#endif
