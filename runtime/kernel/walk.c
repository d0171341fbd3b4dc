/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/walk.h"

#include <bpf/bpf.h>
#include <string.h>

#include "kernel/btf.h"
#include "util/array.h"

#define DESCRIPTORS 2 /* the step that goes to the array of files */

int32_t rp_walk_offset(struct rp_walk *walk, const char *name, const char *member) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    const struct btf_type *t = btf ? rp_btf_find_composite(btf, name) : NULL;
    uint32_t bytes = 0;
    walk->known = walk->known && t && rp_btf_member_offset(btf, t, member, strlen(member), &bytes);
    return (int32_t)bytes;
}

void rp_walk_add_step(struct rp_walk *walk, int32_t step) {
    walk->steps[walk->step_count++] = step;
}

void rp_walk_add_number(struct rp_walk *walk, int32_t at, int32_t size) {
    walk->numbers[walk->number_count].at = at;
    walk->numbers[walk->number_count++].size = size;
}

struct rp_walk rp_walk_to_file(void) {
    struct rp_walk walk = {.known = true};
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "task_struct", "files"));
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "files_struct", "fdt"));
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "fdtable", "fd"));
    rp_walk_add_step(&walk, 0); /* and the descriptor's place in that array */
    return walk;
}

/* ------------------------------------------------------------------ the program that reads it */

#define INSNS_MAX 128
#define NOT_READ  (-1) /* what the program returns then */
#define ON_STACK  (-8)
#define LOAD_U64  (BPF_LDX | BPF_MEM | BPF_DW)
#define MOVE(to, r)                                                                                \
    { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (r) }
#define SET(to, n)                                                                                 \
    { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (n) }
#define ADD(to, n)                                                                                 \
    { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (n) }
#define PLUS(to, r)                                                                                \
    { .code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = (to), .src_reg = (r) }
#define CALL(n)                                                                                    \
    { .code = BPF_JMP | BPF_CALL, .imm = (n) }
#define EXIT                                                                                       \
    { .code = BPF_JMP | BPF_EXIT }

struct code {
    struct bpf_insn insns[INSNS_MAX];
    size_t count;
};

static void add(struct code *code, const struct bpf_insn *insns, size_t count) {
    for (size_t i = 0; i < count; i++)
        code->insns[code->count++] = insns[i];
}

/* r8 = the `size` bytes at r7 + at. */
static void add_read(struct code *code, int32_t at, int32_t size) {
    const struct bpf_insn insns[] = {
        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = ON_STACK},
        MOVE(BPF_REG_1, BPF_REG_10),
        ADD(BPF_REG_1, ON_STACK),
        SET(BPF_REG_2, size),
        MOVE(BPF_REG_3, BPF_REG_7),
        ADD(BPF_REG_3, at),
        CALL(BPF_FUNC_probe_read_kernel),
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2},
        SET(BPF_REG_0, NOT_READ),
        EXIT,
        {.code = LOAD_U64, .dst_reg = BPF_REG_8, .src_reg = BPF_REG_10, .off = ON_STACK},
    };
    add(code, insns, RP_COUNT(insns));
}

/* r6 is the context's number, r7 the address and r9 the sum. */
static void write_program(struct code *code, const struct rp_walk *walk) {
    const struct bpf_insn begin[] = {
        {.code = LOAD_U64, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1},
        CALL(BPF_FUNC_get_current_task),
        MOVE(BPF_REG_7, BPF_REG_0),
        SET(BPF_REG_9, 0),
    };
    const struct bpf_insn go = MOVE(BPF_REG_7, BPF_REG_8), more = PLUS(BPF_REG_9, BPF_REG_8),
                          index = PLUS(BPF_REG_7, BPF_REG_6);
    const struct bpf_insn end[] = {MOVE(BPF_REG_0, BPF_REG_9), EXIT};
    add(code, begin, RP_COUNT(begin));
    for (unsigned i = 0; i < walk->step_count; i++) {
        add_read(code, walk->steps[i], sizeof(void *));
        add(code, &go, 1);
        if (i == DESCRIPTORS)
            add(code, &index, 1);
    }
    for (unsigned i = 0; i < walk->number_count; i++) {
        add_read(code, walk->numbers[i].at, walk->numbers[i].size);
        add(code, &more, 1);
    }
    add(code, end, RP_COUNT(end));
}

int rp_walk_load(const struct rp_walk *walk) {
    struct code code = {.count = 0};
    if (!walk->known)
        return -1;
    write_program(&code, walk);
    return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", code.insns, code.count, NULL);
}

bool rp_walk_run(int program, int fd, uint64_t *sum) {
    uint64_t place = (uint64_t)fd * sizeof(void *);
    LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &place, .ctx_size_in = sizeof(place));
    if (program < 0 || bpf_prog_test_run_opts(program, &opts) || opts.retval == (uint32_t)NOT_READ)
        return false;
    *sum = opts.retval;
    return true;
}
