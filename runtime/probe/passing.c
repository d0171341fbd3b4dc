/* SPDX-License-Identifier: Apache-2.0 */
/* Where a function finds its arguments: in registers, or on its caller's stack. */
#include "arch/arch.h"
#include "kernel/btf.h"
#include "probe/arguments.h"

/* ------------------------------------------------------------------ one argument */

/* What rp_btf_align() says of a packed type is how it is laid out; this is of its members. */
static unsigned natural_align(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_base_type(btf, id);
    unsigned align = 1;
    if (btf_is_array(t))
        return natural_align(btf, btf_array(t)->type);
    if (!btf_is_composite(t))
        return btf_is_int(t) && t->size > 8 ? t->size : rp_btf_align(btf, id);
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        unsigned one = natural_align(btf, btf_members(t)[i].type);
        align = one > align ? one : align;
    }
    return align;
}

/* Whether a member is where its type is not aligned to: such a struct is passed in memory. */
static bool is_unaligned(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_base_type(btf, id);
    if (btf_is_array(t))
        return is_unaligned(btf, btf_array(t)->type);
    if (!btf_is_composite(t))
        return false;
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        uint32_t member = btf_members(t)[i].type;
        bool bits = btf_member_bitfield_size(t, i) > 0;
        if (is_unaligned(btf, member) ||
            (!bits && btf_member_bit_offset(t, i) / 8 % natural_align(btf, member)))
            return true;
    }
    return false;
}

static bool has_float(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_base_type(btf, id);
    if (btf_is_array(t))
        return has_float(btf, btf_array(t)->type);
    for (unsigned i = 0; btf_is_composite(t) && i < btf_vlen(t); i++)
        if (has_float(btf, btf_members(t)[i].type))
            return true;
    return btf_is_float(t);
}

/* A word of 8 bytes is what a register holds, or a place on the stack. */
void rp_argument_set_words(struct rp_argument *argument, const struct rp_btf *btf, uint32_t id) {
    bool composite = btf_is_composite(rp_btf_base_type(btf, id));
    uint64_t size = rp_btf_size(btf, id);
    argument->words = size > 8 || composite ? (unsigned)((size + 7) / 8) : 1;
    argument->is_copied = composite || size > 8;
    argument->in_memory = composite && (size > 16 || is_unaligned(btf, id));
    argument->in_other_registers = has_float(btf, id);
    argument->align = natural_align(btf, id) > 8 ? 16 : 8;
}

/* ------------------------------------------------------------------ all of a function's */

void rp_arguments_place(struct rp_arguments *arguments, unsigned registers) {
    unsigned offset = 0;
    size_t i;
    for (i = 0; i < arguments->readable; i++) {
        struct rp_argument *argument = &arguments->list[i];
        if (argument->in_other_registers)
            break;
        bool fits = !argument->in_memory && argument->words <= registers;
        if (!rp_arch.passes_wholes && (argument->is_copied || !fits))
            break;
        argument->on_stack = !fits;
        if (argument->on_stack) {
            offset = (offset + argument->align - 1) / argument->align * argument->align;
            argument->offset = offset;
            offset += 8 * argument->words;
        } else {
            registers -= argument->words;
        }
    }
    arguments->readable = i;
}

void rp_arguments_limit(struct rp_arguments *arguments, unsigned words) {
    size_t i;
    for (i = 0; i < arguments->readable && arguments->list[i].words <= words; i++)
        words -= arguments->list[i].words;
    arguments->readable = i;
}
