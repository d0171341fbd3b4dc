/* SPDX-License-Identifier: Apache-2.0 */
/* System V's ABI for x86-64, 3.2.3: where a program's function finds its arguments when it is
 * called, and where its caller finds the result. */
#include <string.h>

#include "arch/arch.h"
#include "kernel/btf.h"
#include "probe/typed.h"

#define DEPTH_MAX 16

/* What the two words of a value are, if it is in registers. */
enum class { CLASS_NONE, CLASS_FLOAT, CLASS_INTEGER, CLASS_MEMORY };
struct classes {
    enum class of[2];
    unsigned integers, floats; /* registers */
    bool in_memory;
    uint64_t size, align;
};

/* Of one number, as its members are aligned. */
static uint64_t align_of(const struct rp_btf *btf, uint32_t id, unsigned depth) {
    const struct btf_type *t = rp_btf_base_type(btf, id);
    uint64_t align = 1;
    if (btf_is_array(t) && depth < DEPTH_MAX)
        return align_of(btf, btf_array(t)->type, depth + 1);
    if (!btf_is_composite(t))
        return rp_btf_size(btf, id) ? rp_btf_size(btf, id) : 1;
    for (unsigned i = 0; depth < DEPTH_MAX && i < btf_vlen(t); i++) {
        uint64_t one = align_of(btf, btf_members(t)[i].type, depth + 1);
        align = one > align ? one : align;
    }
    return align;
}

static void merge(struct classes *c, uint64_t offset, uint64_t size, enum class class) {
    for (uint64_t word = offset / 8; word < 2 && word * 8 < offset + size; word++)
        c->of[word] = class > c->of[word] ? class : c->of[word];
    if (class == CLASS_MEMORY)
        c->in_memory = true;
}

static void classify(struct classes *c, const struct rp_btf *btf, uint32_t id, uint64_t offset,
                     unsigned depth);

static void classify_members(struct classes *c, const struct rp_btf *btf, const struct btf_type *t,
                             uint64_t offset, unsigned depth) {
    for (unsigned i = 0; i < btf_vlen(t) && !c->in_memory; i++) {
        uint32_t type = btf_members(t)[i].type;
        uint64_t at = btf_member_bit_offset(t, i), bits = btf_member_bitfield_size(t, i);
        if (bits)
            merge(c, offset + at / 8, (at % 8 + bits + 7) / 8, CLASS_INTEGER);
        else if ((offset + at / 8) % align_of(btf, type, 0))
            merge(c, 0, 1, CLASS_MEMORY);
        else
            classify(c, btf, type, offset + at / 8, depth + 1);
    }
}

static void classify(struct classes *c, const struct rp_btf *btf, uint32_t id, uint64_t offset,
                     unsigned depth) {
    const struct btf_type *t = rp_btf_base_type(btf, id);
    uint64_t size = rp_btf_size(btf, id);
    if (depth >= DEPTH_MAX || offset >= 16)
        return;
    if (btf_is_composite(t)) {
        classify_members(c, btf, t, offset, depth);
    } else if (btf_is_array(t)) {
        uint64_t one = rp_btf_size(btf, btf_array(t)->type);
        for (uint64_t at = 0; one && at < size && !c->in_memory; at += one)
            classify(c, btf, btf_array(t)->type, offset + at, depth + 1);
    } else if (btf_is_float(t) && !strcmp(rp_btf_name(btf, t), "long double")) {
        merge(c, offset, size, CLASS_MEMORY);
    } else {
        merge(c, offset, size, btf_is_float(t) ? CLASS_FLOAT : CLASS_INTEGER);
    }
}

/* An array by value is a vector, or a complex number. */
static struct classes classes_of(const struct rp_btf *btf, const struct rp_debug_variable *v) {
    struct classes c = {.size = rp_btf_size(btf, v->type)};
    const struct btf_type *t = rp_btf_base_type(btf, v->type);
    c.align = align_of(btf, v->type, 0) > 8 ? 16 : 8;
    if (v->is_by_address)
        return (struct classes){{CLASS_INTEGER, CLASS_NONE}, 1, 0, false, 8, 8};
    if (btf_is_array(t) && c.size >= 8) {
        const struct btf_type *of = rp_btf_base_type(btf, btf_array(t)->type);
        bool pair = btf_is_float(of) && btf_array(t)->nelems == 2;
        c.in_memory = pair && of->size == 16;
        c.floats = c.in_memory ? 0 : pair && of->size == 8 ? 2 : 1;
        c.of[0] = CLASS_FLOAT;
        return c;
    }
    c.in_memory = c.size > 16;
    if (!c.in_memory)
        classify(&c, btf, v->type, 0, 0);
    for (unsigned i = 0; i < 2 && !c.in_memory; i++) {
        c.integers += c.of[i] == CLASS_INTEGER;
        c.floats += c.of[i] == CLASS_FLOAT;
    }
    /* One of 16 bytes is in one register. */
    if (btf_is_float(t) && c.size == 16 && !c.in_memory)
        c.floats = 1;
    return c;
}

static const struct rp_location nowhere = {.parts = {{RP_LOCATION_UNKNOWN, 0, 0, 0}}, .count = 1};

/* Its words in the next of the registers. */
static struct rp_location in_registers(const struct classes *c, const unsigned *registers,
                                       bool by_address) {
    struct rp_location place = {0};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t left = c->size > 8 * (uint64_t)i ? c->size - 8 * (uint64_t)i : 0;
        struct rp_location_part part = {.bytes = left > 8 ? 8 : (unsigned)left};
        if (c->of[i] == CLASS_INTEGER) {
            part.kind = RP_LOCATION_REGISTER;
            part.reg = *registers++;
        } else if (c->of[i] == CLASS_FLOAT) {
            part.kind = RP_LOCATION_FLOAT;
        } else {
            break;
        }
        place.parts[place.count++] = part;
    }
    if (by_address)
        place.parts[0].kind = RP_LOCATION_MEMORY;
    if (!place.count) /* a struct of nothing */
        place = (struct rp_location){.parts = {{RP_LOCATION_GONE, 0, 0, 0}}, .count = 1};
    return place;
}

static bool is_same(const struct rp_location *a, const struct rp_location *b) {
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->parts[i].kind != RP_LOCATION_REGISTER || b->parts[i].kind != RP_LOCATION_REGISTER ||
            a->parts[i].reg != b->parts[i].reg)
            return false;
    return true;
}

static bool is_said(const struct rp_debug_variable *v) {
    bool said = !v->place.is_single;
    for (unsigned i = 0; i < v->place.count; i++)
        said &= v->place.parts[i].kind != RP_LOCATION_UNKNOWN;
    return said;
}

/* On the stack, where its caller has put it. */
static bool is_on_stack(const struct rp_location_part *part) {
    return part->kind == RP_LOCATION_MEMORY && part->reg == rp_arch.registers.sp;
}

/* Whether it is elsewhere than in the convention's register: then the function has another one.
 * Microsoft's has the stack's bytes, too, where the function stores what is in a register. */
static bool contradicts(const struct rp_debug_variable *v, const struct rp_location *convention) {
    const struct rp_location_part *said = &v->place.parts[0], *passed = &convention->parts[0];
    if (!is_said(v) || v->place.count != 1 || convention->count != 1 || v->is_by_address)
        return false;
    if (said->kind == RP_LOCATION_FLOAT || is_on_stack(said))
        return passed->kind == RP_LOCATION_REGISTER;
    return said->kind == RP_LOCATION_REGISTER &&
           (passed->kind != RP_LOCATION_REGISTER || passed->reg != said->reg);
}

/* What debug information says of the entry is so; what it says of the whole function, and what
 * cannot be read, is where the convention has it, if that holds. */
static struct rp_location choose(const struct rp_debug_variable *v,
                                 const struct rp_location *convention, bool holds) {
    if (v->by_convention && !holds && v->place.count == 1 && is_on_stack(&v->place.parts[0]))
        return nowhere;
    if (is_said(v))
        return v->place;
    return (holds && v->by_convention) || is_same(&v->place, convention) ? *convention : nowhere;
}

static void place_result(const struct rp_debug_function *f, struct rp_location *result,
                         bool *hidden) {
    const unsigned *registers = rp_arch.registers.returned;
    const struct rp_debug_variable *v = &f->result;
    struct classes c = classes_of(f->btf, v);
    *hidden = v->type && (c.in_memory || v->is_by_address);
    if (!v->by_convention)
        *result = v->place;
    else if (!*hidden)
        *result = in_registers(&c, registers, false);
    else if (btf_is_float(
                 rp_btf_base_type(f->btf, v->type))) { /* long double: on the x87's stack */
        *hidden = false;
        *result = (struct rp_location){.parts = {{RP_LOCATION_FLOAT, 0, 0, 0}}, .count = 1};
    } else
        *result =
            (struct rp_location){.parts = {{RP_LOCATION_MEMORY, registers[0], 0, 0}}, .count = 1};
}

/* Where the convention has each parameter. `hidden`: behind the address where the result goes. */
static void pass(const struct rp_debug_function *f, bool hidden, struct rp_location *places) {
    const struct rp_arch_registers *of = &rp_arch.registers;
    const unsigned return_address = of->pushed;
    unsigned integers = hidden, floats = 0;
    uint64_t stack = return_address;
    for (size_t i = 0; i < f->count; i++) {
        const struct rp_debug_variable *v = &f->parameters[i];
        struct classes c = classes_of(f->btf, v);
        if (!c.in_memory && integers + c.integers <= of->passed_count &&
            floats + c.floats <= of->passed_floats) {
            places[i] = in_registers(&c, of->passed + integers, v->is_by_address);
            integers += c.integers;
            floats += c.floats;
        } else {
            stack = (stack - return_address + c.align - 1) / c.align * c.align + return_address;
            places[i] = (struct rp_location){
                .parts = {{RP_LOCATION_MEMORY, of->sp, (int64_t)stack, 0}}, .count = 1};
            if (v->is_by_address) /* the address is there */
                places[i] = nowhere;
            stack += (c.size + 7) / 8 * 8;
        }
    }
}

void rp_typed_locate(const struct rp_debug_function *f, struct rp_location *places,
                     struct rp_location *result) {
    bool hidden, holds = true;
    place_result(f, result, &hidden);
    pass(f, hidden, places);
    for (size_t i = 0; i < f->count; i++)
        holds &= !f->parameters[i].by_convention || !contradicts(&f->parameters[i], &places[i]);
    for (size_t i = 0; i < f->count; i++)
        places[i] = choose(&f->parameters[i], &places[i], holds);
    if (!holds)
        *result = nowhere;
}
