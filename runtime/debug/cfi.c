/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are reduced to what compilers and libc write for x86-64: the CFA is the stack's or the
 * frame's pointer plus a number, or in memory there; the return address and the caller's frame
 * pointer are beside the CFA, or, of a signal's frame, beside the stack's pointer. PLTs have an
 * expression with the address itself, which is a number when the address is known.
 */
#include "debug/cfi.h"

#include <dwarf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "debug/bytes.h"
#include "debug/frame_info.h"
#include "util/vec.h"

#define WORD      8
#define DEPTH_MAX 16

const struct rp_rule rp_rule_of_bp = {.kind = RP_RULE_STEP,
                                      .cfa_of = RP_OF_BP,
                                      .cfa = 2 * WORD,
                                      .ip_of = RP_OF_CFA,
                                      .ip = -WORD,
                                      .bp_of = RP_OF_CFA,
                                      .bp = -2 * WORD};

struct segment {
    uint64_t offset, size, address;
};

struct rp_cfi {
    int fd; /* -1: in memory */
    Elf *elf;
    struct rp_frame_info *eh_frame, *debug_frame;
    bool is_looked_for; /* the last one */
    RP_VEC(struct segment) segments;
};

/* ------------------------------------------------------------------ the file */

static bool take_segments(struct rp_cfi *cfi) {
    size_t count;
    GElf_Ehdr header;
    if (!gelf_getehdr(cfi->elf, &header) || !rp_arch.unwinds || header.e_machine != rp_arch.elf ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || elf_getphdrnum(cfi->elf, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(cfi->elf, (int)i, &segment))
            return false;
        const struct segment one = {segment.p_offset, segment.p_filesz, segment.p_vaddr};
        if (segment.p_type == PT_LOAD && !rp_vec_push(&cfi->segments, one))
            return false;
    }
    return true;
}

/* Takes `elf`. */
static struct rp_cfi *of_elf(Elf *elf, int fd) {
    struct rp_cfi *cfi = elf ? calloc(1, sizeof(*cfi)) : NULL;
    if (!cfi) {
        elf_end(elf);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    cfi->elf = elf;
    cfi->fd = fd;
    if (take_segments(cfi)) {
        cfi->eh_frame = rp_frame_info_of_eh_frame(elf);
        return cfi;
    }
    rp_cfi_free(cfi);
    return NULL;
}

struct rp_cfi *rp_cfi_open(int fd) {
    elf_version(EV_CURRENT);
    /* Not mapped: its owner may make it shorter meanwhile. */
    return of_elf(elf_begin(fd, ELF_C_READ, NULL), fd);
}

struct rp_cfi *rp_cfi_of_memory(const void *image, size_t size) {
    elf_version(EV_CURRENT);
    return of_elf(elf_memory((char *)image, size), -1);
}

void rp_cfi_free(struct rp_cfi *cfi) {
    if (!cfi)
        return;
    rp_frame_info_free(cfi->eh_frame);
    rp_frame_info_free(cfi->debug_frame);
    elf_end(cfi->elf);
    if (cfi->fd >= 0)
        close(cfi->fd);
    rp_vec_clear(&cfi->segments);
    free(cfi);
}

int rp_cfi_fd(const struct rp_cfi *cfi) {
    return cfi->fd;
}

bool rp_cfi_address(const struct rp_cfi *cfi, uint64_t offset, uint64_t *address) {
    for (size_t i = 0; i < cfi->segments.count; i++) {
        const struct segment *segment = &cfi->segments.items[i];
        if (offset >= segment->offset && offset - segment->offset < segment->size) {
            *address = offset - segment->offset + segment->address;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ expressions */

/* A number, or a register and a number, or what is in memory there. */
struct term {
    enum { NUMBER, OF_CFA, OF_SP, OF_BP } of;
    bool is_in_memory;
    int64_t offset;
};

struct machine {
    struct term stack[DEPTH_MAX];
    unsigned depth;
    uint64_t address;
};

static bool push(struct machine *m, int of, int64_t offset) {
    if (m->depth == DEPTH_MAX)
        return false;
    m->stack[m->depth++] = (struct term){.of = (unsigned)of, .offset = offset};
    return true;
}

static bool push_register(struct machine *m, uint64_t reg, int64_t offset) {
    const struct rp_arch_registers *of = &rp_arch.registers;
    if (reg == of->ip)
        return push(m, NUMBER, (int64_t)m->address + offset);
    return (reg == of->sp || reg == of->fp) && push(m, reg == of->sp ? OF_SP : OF_BP, offset);
}

static int64_t calculate(unsigned atom, int64_t a, int64_t b, bool *ok) {
    switch (atom) {
    case DW_OP_and:
        return a & b;
    case DW_OP_or:
        return a | b;
    case DW_OP_shl:
        return b >= 0 && b < 64 ? (int64_t)((uint64_t)a << b) : 0;
    case DW_OP_ge:
        return a >= b;
    case DW_OP_gt:
        return a > b;
    case DW_OP_le:
        return a <= b;
    case DW_OP_lt:
        return a < b;
    case DW_OP_eq:
        return a == b;
    case DW_OP_ne:
        return a != b;
    default:
        *ok = false;
        return 0;
    }
}

/* Of the two uppermost: to a register only a number can be added. */
static bool combine(struct machine *m, unsigned atom) {
    if (m->depth < 2)
        return false;
    struct term b = m->stack[--m->depth], *a = &m->stack[m->depth - 1];
    bool ok = !a->is_in_memory && !b.is_in_memory;
    if (atom == DW_OP_plus && (a->of == NUMBER || b.of == NUMBER)) {
        a->of = a->of == NUMBER ? b.of : a->of;
        a->offset = (int64_t)((uint64_t)a->offset + (uint64_t)b.offset);
        return ok;
    }
    if (b.of != NUMBER)
        return false;
    if (atom == DW_OP_minus) {
        a->offset = (int64_t)((uint64_t)a->offset - (uint64_t)b.offset);
        return ok;
    }
    a->offset = calculate(atom, a->offset, b.offset, &ok);
    return ok && a->of == NUMBER;
}

static bool dereference(struct machine *m) {
    struct term *top = m->depth ? &m->stack[m->depth - 1] : NULL;
    if (!top || top->of == NUMBER || top->is_in_memory)
        return false;
    return top->is_in_memory = true;
}

static bool add_number(struct machine *m, int64_t number) {
    return push(m, NUMBER, number) && combine(m, DW_OP_plus);
}

static int64_t read_constant(struct rp_bytes *in, unsigned atom) {
    if (atom == DW_OP_constu)
        return (int64_t)rp_bytes_uleb(in);
    if (atom == DW_OP_consts)
        return rp_bytes_sleb(in);
    unsigned size = 1U << (atom - DW_OP_const1u) / 2;
    bool is_unsigned = (atom - DW_OP_const1u) % 2 == 0;
    return is_unsigned ? (int64_t)rp_bytes_unsigned(in, size) : rp_bytes_signed(in, size);
}

static bool step(struct machine *m, struct rp_bytes *in) {
    unsigned atom = rp_bytes_next(in);
    uint64_t reg;
    if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
        return push_register(m, atom - DW_OP_breg0, rp_bytes_sleb(in));
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
        return push(m, NUMBER, atom - DW_OP_lit0);
    if (atom >= DW_OP_const1u && atom <= DW_OP_consts)
        return push(m, NUMBER, read_constant(in, atom));
    switch (atom) {
    case DW_OP_bregx:
        reg = rp_bytes_uleb(in);
        return push_register(m, reg, rp_bytes_sleb(in));
    case DW_OP_plus_uconst:
        return add_number(m, (int64_t)rp_bytes_uleb(in));
    case DW_OP_deref:
        return dereference(m);
    default:
        return combine(m, atom);
    }
}

/* What the operations come to, on top of what is there; false: it is more than a rule can have. */
static bool evaluate(struct machine *m, const struct rp_frame_value *value, struct term *out) {
    struct rp_bytes in = {value->ops, value->ops + value->ops_size, false};
    while (!in.is_bad && in.at < in.end)
        if (!step(m, &in))
            return false;
    if (in.is_bad || !m->depth)
        return false;
    *out = m->stack[m->depth - 1];
    return out->of != NUMBER;
}

static uint8_t base_of(const struct term *term) {
    return term->of == OF_CFA ? RP_OF_CFA : term->of == OF_SP ? RP_OF_SP : RP_OF_BP;
}

/* ------------------------------------------------------------------ rules */

static bool find_cfa(const struct rp_frame_row *row, uint64_t address, struct rp_rule *rule) {
    const struct rp_frame_value *cfa = &row->cfa;
    struct machine m = {.address = address};
    struct term term;
    if (cfa->how == RP_FRAME_OF_REGISTER && push_register(&m, cfa->reg, cfa->offset))
        term = m.stack[0];
    else if (cfa->how != RP_FRAME_OF_EXPRESSION || !evaluate(&m, cfa, &term))
        return false;
    if (term.of == NUMBER || term.offset != (int32_t)term.offset)
        return false;
    rule->cfa_of = (uint8_t)(base_of(&term) | (term.is_in_memory ? RP_DEREF : 0));
    rule->cfa = (int32_t)term.offset;
    return true;
}

/* Where in memory the value is. */
static bool find_memory(const struct rp_frame_value *value, uint64_t address, struct term *out) {
    struct machine m = {.address = address};
    *out = (struct term){.of = OF_CFA, .offset = value->offset};
    if (value->how == RP_FRAME_IN_MEMORY_OF_EXPRESSION &&
        (!push(&m, OF_CFA, 0) || !evaluate(&m, value, out)))
        return false;
    return (value->how == RP_FRAME_IN_MEMORY || value->how == RP_FRAME_IN_MEMORY_OF_EXPRESSION) &&
           !out->is_in_memory && out->offset == (int32_t)out->offset;
}

/* Where the caller's address is; its kind says so where there is none. */
static void find_ip(const struct rp_frame_row *row, uint64_t address, struct rp_rule *rule) {
    const struct rp_frame_value *value = &row->registers[row->return_register];
    struct term term;
    bool is_end = value->how == RP_FRAME_UNDEFINED || value->how == RP_FRAME_UNSAID;
    bool is_there = find_memory(value, address, &term) && term.of != OF_BP;
    rule->kind = is_end ? RP_RULE_END : is_there ? RP_RULE_STEP : RP_RULE_CUT;
    rule->ip_of = is_there ? base_of(&term) : 0;
    rule->ip = is_there ? (int32_t)term.offset : 0;
}

static bool find_bp(const struct rp_frame_row *row, uint64_t address, struct rp_rule *rule) {
    const struct rp_frame_value *value = &row->registers[rp_arch.registers.fp];
    struct term term;
    bool is_there = find_memory(value, address, &term);
    rule->bp_of = is_there ? base_of(&term) : RP_OF_SAME;
    rule->bp = is_there ? (int32_t)term.offset : 0;
    return is_there || value->how == RP_FRAME_SAME || value->how == RP_FRAME_UNSAID ||
           value->how == RP_FRAME_UNDEFINED;
}

static void take_rule(const struct rp_frame_row *row, uint64_t address, struct rp_rule *out) {
    *out = (struct rp_rule){.kind = RP_RULE_CUT};
    find_ip(row, address, out);
    if (out->kind != RP_RULE_STEP)
        return;
    if (!find_cfa(row, address, out) || !find_bp(row, address, out))
        *out = (struct rp_rule){.kind = RP_RULE_CUT};
    else if (row->is_signal)
        out->ip_of |= RP_EXACT;
}

/* .debug_frame, where a compiler was told to write no .eh_frame. */
static void look_for_more(struct rp_cfi *cfi) {
    if (cfi->is_looked_for)
        return;
    cfi->is_looked_for = true;
    cfi->debug_frame = rp_frame_info_of_debug_frame(cfi->elf);
}

static bool find_rule(struct rp_frame_info *from, uint64_t address, struct rp_rule *out) {
    struct rp_frame_row row;
    if (!from || !rp_frame_info_row(from, address, &row))
        return false;
    take_rule(&row, address, out);
    return true;
}

bool rp_cfi_rule(struct rp_cfi *cfi, uint64_t address, bool is_caller, struct rp_rule *out) {
    address -= is_caller;
    if (find_rule(cfi->eh_frame, address, out))
        return true;
    look_for_more(cfi);
    return find_rule(cfi->debug_frame, address, out);
}
