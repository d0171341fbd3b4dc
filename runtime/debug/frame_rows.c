/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions of call frame information make a table, row by row, with the function's
 * addresses; what is asked for is one row.
 */
#include <dwarf.h>

#include "debug/frame_entries.h"

#define INSTRUCTIONS_MAX ((size_t)1 << 20) /* bytes of one function's */
#define REMEMBERED_MAX   16                /* rows: compilers need two */

struct machine {
    const struct rp_frame_section *section;
    const struct rp_frame_common *common;
    const struct rp_frame_row *initial; /* NULL: these are the common instructions */
    uint64_t address, wanted;
    struct rp_frame_row *row;
    struct rp_frame_row *remembered; /* REMEMBERED_MAX */
    unsigned remembered_count;
    bool is_there; /* the row is the wanted one's */
};

static int64_t times(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static void set(struct machine *m, uint64_t reg, struct rp_frame_value value) {
    if (reg < RP_FRAME_REGISTERS)
        m->row->registers[reg] = value;
}

static struct rp_frame_value expression(struct rp_bytes *in, int how) {
    uint64_t size = rp_bytes_uleb(in);
    const uint8_t *ops = rp_bytes_take(in, size);
    return (struct rp_frame_value){.how = (unsigned)how, .ops = ops, .ops_size = ops ? size : 0};
}

static struct rp_frame_value cfa_at(uint64_t reg, int64_t offset) {
    return (struct rp_frame_value){.how = RP_FRAME_OF_REGISTER, .reg = reg, .offset = offset};
}

static struct rp_frame_value beside_cfa(int how, int64_t offset) {
    return (struct rp_frame_value){.how = (unsigned)how, .offset = offset};
}

static bool restore(struct machine *m, uint64_t reg) {
    if (m->initial && reg < RP_FRAME_REGISTERS)
        m->row->registers[reg] = m->initial->registers[reg];
    return m->initial != NULL;
}

static bool remember(struct machine *m) {
    if (m->remembered_count == REMEMBERED_MAX)
        return false;
    m->remembered[m->remembered_count++] = *m->row;
    return true;
}

static bool recall(struct machine *m) {
    if (!m->remembered_count)
        return false;
    *m->row = m->remembered[--m->remembered_count];
    return true;
}

static bool go_to(struct machine *m, uint64_t address) {
    m->is_there = address > m->wanted;
    m->address = address;
    return m->initial != NULL;
}

static bool advance(struct machine *m, uint64_t by) {
    return go_to(m, m->address + by * m->common->code_factor);
}

/* Part of a CFA that was said before, as a register and a number. */
static bool change_cfa(struct machine *m, uint64_t reg, int64_t offset) {
    struct rp_frame_value *cfa = &m->row->cfa;
    *cfa = cfa->how == RP_FRAME_OF_REGISTER ? cfa_at(reg, offset) : (struct rp_frame_value){0};
    return true;
}

/* The offset comes as it is, or as a multiple of the data's factor. */
static int64_t factored(struct machine *m, int64_t number) {
    return times(number, m->common->data_factor);
}

static bool step_cfa(struct machine *m, struct rp_bytes *in, unsigned code) {
    struct rp_frame_value *cfa = &m->row->cfa;
    uint64_t reg;
    switch (code) {
    case DW_CFA_def_cfa:
        reg = rp_bytes_uleb(in);
        *cfa = cfa_at(reg, (int64_t)rp_bytes_uleb(in));
        return true;
    case DW_CFA_def_cfa_sf:
        reg = rp_bytes_uleb(in);
        *cfa = cfa_at(reg, factored(m, rp_bytes_sleb(in)));
        return true;
    case DW_CFA_def_cfa_register:
        return change_cfa(m, rp_bytes_uleb(in), cfa->offset);
    case DW_CFA_def_cfa_offset:
        return change_cfa(m, cfa->reg, (int64_t)rp_bytes_uleb(in));
    case DW_CFA_def_cfa_offset_sf:
        return change_cfa(m, cfa->reg, factored(m, rp_bytes_sleb(in)));
    case DW_CFA_def_cfa_expression:
        *cfa = expression(in, RP_FRAME_OF_EXPRESSION);
        return true;
    default:
        return false;
    }
}

/* The value of a register that comes first. */
static bool step_register(struct machine *m, struct rp_bytes *in, unsigned code) {
    uint64_t reg = rp_bytes_uleb(in);
    switch (code) {
    case DW_CFA_undefined:
        set(m, reg, (struct rp_frame_value){.how = RP_FRAME_UNDEFINED});
        return true;
    case DW_CFA_same_value:
        set(m, reg, (struct rp_frame_value){.how = RP_FRAME_SAME});
        return true;
    case DW_CFA_register:
        set(m, reg, cfa_at(rp_bytes_uleb(in), 0));
        return true;
    case DW_CFA_offset_extended:
        set(m, reg, beside_cfa(RP_FRAME_IN_MEMORY, factored(m, (int64_t)rp_bytes_uleb(in))));
        return true;
    case DW_CFA_offset_extended_sf:
        set(m, reg, beside_cfa(RP_FRAME_IN_MEMORY, factored(m, rp_bytes_sleb(in))));
        return true;
    case DW_CFA_GNU_negative_offset_extended:
        set(m, reg,
            beside_cfa(RP_FRAME_IN_MEMORY, factored(m, times(-1, (int64_t)rp_bytes_uleb(in)))));
        return true;
    case DW_CFA_val_offset:
        set(m, reg, beside_cfa(RP_FRAME_OF_CFA, factored(m, (int64_t)rp_bytes_uleb(in))));
        return true;
    case DW_CFA_val_offset_sf:
        set(m, reg, beside_cfa(RP_FRAME_OF_CFA, factored(m, rp_bytes_sleb(in))));
        return true;
    case DW_CFA_expression:
        set(m, reg, expression(in, RP_FRAME_IN_MEMORY_OF_EXPRESSION));
        return true;
    case DW_CFA_val_expression:
        set(m, reg, expression(in, RP_FRAME_OF_EXPRESSION));
        return true;
    case DW_CFA_restore_extended:
        return restore(m, reg);
    default:
        return step_cfa(m, in, code);
    }
}

static bool is_of_register(unsigned code) {
    switch (code) {
    case DW_CFA_undefined:
    case DW_CFA_same_value:
    case DW_CFA_register:
    case DW_CFA_offset_extended:
    case DW_CFA_offset_extended_sf:
    case DW_CFA_GNU_negative_offset_extended:
    case DW_CFA_val_offset:
    case DW_CFA_val_offset_sf:
    case DW_CFA_expression:
    case DW_CFA_val_expression:
    case DW_CFA_restore_extended:
        return true;
    default:
        return false;
    }
}

static bool step_extended(struct machine *m, struct rp_bytes *in, unsigned code) {
    switch (code) {
    case DW_CFA_nop:
    case DW_CFA_GNU_window_save: /* of arm64: the return address is signed, or no longer */
        return true;
    case DW_CFA_GNU_args_size:
        rp_bytes_uleb(in);
        return true;
    case DW_CFA_advance_loc1:
        return advance(m, rp_bytes_next(in));
    case DW_CFA_advance_loc2:
        return advance(m, rp_bytes_unsigned(in, 2));
    case DW_CFA_advance_loc4:
        return advance(m, rp_bytes_unsigned(in, 4));
    case DW_CFA_set_loc:
        return go_to(m, rp_frame_address(&m->section->place, in, m->common->encoding));
    case DW_CFA_remember_state:
        return remember(m);
    case DW_CFA_restore_state:
        return recall(m);
    default:
        return is_of_register(code) ? step_register(m, in, code) : step_cfa(m, in, code);
    }
}

static bool step(struct machine *m, struct rp_bytes *in) {
    unsigned code = rp_bytes_next(in), low = code & 0x3f;
    switch (code & 0xc0) {
    case DW_CFA_advance_loc:
        return advance(m, low);
    case DW_CFA_offset:
        set(m, low, beside_cfa(RP_FRAME_IN_MEMORY, factored(m, (int64_t)rp_bytes_uleb(in))));
        return true;
    case DW_CFA_restore:
        return restore(m, low);
    default:
        return step_extended(m, in, code);
    }
}

/* What the last row before an advance beyond the wanted address says holds there. */
static bool run(struct machine *m, struct rp_bytes in) {
    if (rp_bytes_left(&in) > INSTRUCTIONS_MAX)
        return false;
    while (!in.is_bad && !m->is_there && in.at < in.end)
        if (!step(m, &in))
            return false;
    return !in.is_bad;
}

bool rp_frame_row(const struct rp_frame_section *section, const struct rp_frame_function *function,
                  uint64_t address, struct rp_frame_row *out) {
    const struct rp_frame_common *common = &function->common;
    *out = (struct rp_frame_row){.return_register = common->return_register,
                                 .is_signal = common->is_signal};
    struct rp_frame_row remembered[REMEMBERED_MAX];
    struct machine m = {.section = section,
                        .common = common,
                        .address = function->begin,
                        .wanted = address,
                        .row = out,
                        .remembered = remembered};
    if (!run(&m, common->instructions))
        return false;
    const struct rp_frame_row initial = *out;
    m.initial = &initial;
    m.remembered_count = 0;
    return run(&m, function->instructions);
}
