/* SPDX-License-Identifier: Apache-2.0 */
/* How to get from a function to the one that called it, as a program's .eh_frame or .debug_frame
 * says (DWARF's call frame information). */
#ifndef RP_DEBUG_CFI_H
#define RP_DEBUG_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As struct rp_rule of compile/prelude/unwind.h. */
enum {
    RP_RULE_STEP,
    RP_RULE_END,        /* nobody called this */
    RP_RULE_CUT,        /* who called cannot be said */
    RP_RULE_PROBED = 6, /* returns that are probed go there */
};
/* What an offset counts from. */
enum {
    RP_OF_CFA,
    RP_OF_SP,
    RP_OF_BP,
    RP_OF_SAME,   /* of bp: it is what it was */
    RP_DEREF = 4, /* of the CFA: it is in memory there */
    RP_EXACT = 8, /* of ip: it is not a return address */
};
struct rp_rule {
    uint8_t kind, cfa_of, ip_of, bp_of;
    int32_t cfa, ip, bp; /* bytes */
};

/* The rule of code that has frame pointers, behind its prologue. */
extern const struct rp_rule rp_rule_of_bp;

struct rp_cfi;

/* Of the file, which is read when it is asked for; `fd` is its own from here on. NULL: it is not a
 * program or library of this machine. */
struct rp_cfi *rp_cfi_open(int fd);
/* Of a program that is in this process's memory, as the vDSO is. */
struct rp_cfi *rp_cfi_of_memory(const void *image, size_t size);
void rp_cfi_free(struct rp_cfi *cfi);
/* The file's descriptor; -1: it is in memory. */
int rp_cfi_fd(const struct rp_cfi *cfi);

/* The address, as the file counts them, of what is at that place in it. */
bool rp_cfi_address(const struct rp_cfi *cfi, uint64_t offset, uint64_t *address);
/* The rule at an address; `is_caller`: it is where a call returns to. False: nothing tells. */
bool rp_cfi_rule(struct rp_cfi *cfi, uint64_t address, bool is_caller, struct rp_rule *out);

#endif
