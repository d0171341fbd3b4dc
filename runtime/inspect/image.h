/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded program, as the kernel has it. */
#ifndef RP_INSPECT_IMAGE_H
#define RP_INSPECT_IMAGE_H

#include <bpf/btf.h>
#include <linux/bpf.h>

#include "reprobe.h"

struct rp_image {
    struct bpf_prog_info info;
    struct bpf_insn *insns; /* after the verifier changed them */
    uint32_t insn_count;
    struct btf *btf; /* NULL: it has no types */
    struct bpf_func_info *functions;
    struct bpf_line_info *lines;
    uint32_t function_count, line_count; /* in ascending order of instructions */
    /* The machine's code, one function behind the other; NULL where the kernel does not show it. */
    uint8_t *code;
    uint64_t *addresses; /* of each function */
    uint32_t *lengths;   /* of each function, in bytes */
    uint32_t code_count; /* functions */
    uint64_t *line_addresses;
    uint32_t line_address_count; /* as many as there are lines, or 0 */
};

/* *out is zeroed before, and to be cleared in any case. */
struct rp_error *rp_image_read(int program, struct rp_image *out);
void rp_image_clear(struct rp_image *image);

/* The name of function `i`, "main" when nobody knows it. */
const char *rp_image_function_name(const struct rp_image *image, uint32_t i);
/* The function that begins at the instruction, or -1. */
int rp_image_function_at(const struct rp_image *image, uint32_t insn);
/* Prints "12: u32 pid = …", line `i` of the source, if it is another than `last` (UINT32_MAX: there
 * was none), with its file's name unless that is the author's. Returns the line that was
 * printed last. */
uint32_t rp_image_print_line(const struct rp_image *image, uint32_t i, uint32_t last, FILE *out);
/* Whether the instruction is one of the gate that stands before the program (compile/load.h): the
 * first function, which is called as the next one is. */
bool rp_image_is_gate(const struct rp_image *image, uint32_t insn);

#endif
