/* SPDX-License-Identifier: Apache-2.0 */
/* Where the arguments of USDT probes are, for programs that read them by libbpf's bpf_usdt_arg()
 * (usdt.bpf.h). The program has a map of such descriptions, which who attaches it fills in, and the
 * cookie of an attach point is the index of its own. */
#ifndef RP_COMPILE_USDT_SPECS_H
#define RP_COMPILE_USDT_SPECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_error;
struct rp_module;

#define RP_USDT_ARGUMENTS 12 /* libbpf's BPF_USDT_MAX_ARG_CNT */

struct rp_usdt_argument {
    enum { RP_USDT_CONSTANT, RP_USDT_REGISTER, RP_USDT_MEMORY, RP_USDT_INDEXED } is_in;
    int64_t value; /* the constant, or what is added to the register for the address */
    uint16_t at;   /* where struct pt_regs has the register */
    /* Indexed: where it has another one, which is also added, after a shift to the left. */
    uint16_t index_at;
    uint8_t shift;
    bool is_signed;
    uint8_t size; /* 1, 2, 4 or 8 bytes */
};

/* Whether the module's programs read arguments so. */
bool rp_module_reads_usdt(const struct rp_module *module);
/* And whether they know RP_USDT_INDEXED: libbpf's header of 1.7, or ours. */
bool rp_module_reads_indexed_usdt(const struct rp_module *module);
/* Adds a description, or finds the same; errors say why. */
struct rp_error *rp_module_add_usdt(struct rp_module *module,
                                    const struct rp_usdt_argument *arguments, size_t count,
                                    uint64_t *cookie);

#endif
