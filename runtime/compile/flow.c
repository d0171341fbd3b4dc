/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/flow.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

#define FRAME_SIZE 512
#define SLOT_SIZE  4
#define SLOTS      (FRAME_SIZE / SLOT_SIZE)
#define REGISTERS  11
/* A function without loops is known after the first pass; each loop may take another. */
#define PASSES_MAX 16

/* What 32 bits hold, as far as it is of interest. From PID on: what is looked for, and wins where
 * two paths meet. */
enum kind {
    UNKNOWN,
    NUMBER,  /* `at`; this and the next ones fill a register whole */
    FRAME,   /* the address `at` bytes from the frame's end */
    MAP,     /* the map itself */
    VALUE,   /* the address `at` bytes into a value of the map */
    RECORD,  /* the same of a record that is reserved in it */
    CONTEXT, /* the address `at` bytes into the program's context */
    PID,
    COMM,
    KERNEL_STACK,
    USER_STACK,
};

struct holds {
    enum kind kind;
    uint32_t map;
    int32_t at;
};

/* LLVM puts neighbours together and stores them at once, so the halves count. */
struct reg {
    struct holds low, high;
};

struct state {
    struct reg registers[REGISTERS];
    struct holds slots[SLOTS];
};

struct walk {
    const struct rp_object *object;
    const struct rp_object_function *function;
    struct rp_flow *flow;
    struct rp_flow_reads *context; /* NULL: it is of no interest */
    struct state now;
    bool reached;            /* some path leads to where we are */
    struct state **branched; /* for each instruction: what may be there after a jump; or NULL */
    bool again;              /* a jump backwards brought something new */
    bool nomem;
};

/* ------------------------------------------------------------------ what was found */

static bool is_found(const struct holds *h) {
    return h->kind >= PID;
}

static enum rp_member_meaning meaning_of(enum kind kind) {
    switch (kind) {
    case PID:
        return RP_MEMBER_PID;
    case COMM:
        return RP_MEMBER_COMM;
    case KERNEL_STACK:
        return RP_MEMBER_KERNEL_STACK;
    case USER_STACK:
        return RP_MEMBER_USER_STACK;
    default:
        return RP_MEMBER_PLAIN;
    }
}

static struct rp_flow_member *find_member(const struct rp_flow *flow, uint32_t map,
                                          enum rp_flow_part part, uint32_t offset) {
    for (size_t i = 0; i < flow->members.count; i++) {
        struct rp_flow_member *member = &flow->members.items[i];
        if (member->map == map && member->part == part && member->offset == offset)
            return member;
    }
    return NULL;
}

static void note_member(struct walk *w, uint32_t map, enum rp_flow_part part, int64_t offset,
                        const struct holds *what) {
    struct rp_flow *flow = w->flow;
    if (!is_found(what) || offset < 0)
        return;
    const struct rp_flow_member member = {map, part, (uint32_t)offset, meaning_of(what->kind),
                                          what->map};
    struct rp_flow_member *known = find_member(flow, map, part, member.offset);
    if (known) {
        if (known->means != member.means || known->stacks != member.stacks)
            known->means = RP_MEMBER_PLAIN;
        return;
    }
    w->nomem |= !rp_vec_push(&flow->members, member);
}

static void note_read(struct walk *w, const struct holds *address, int64_t offset, int64_t size) {
    int64_t at = address->at + offset;
    if (address->kind != CONTEXT || !w->context || at < 0 || size <= 0)
        return;
    for (size_t i = 0; i < w->context->count; i++)
        if (w->context->items[i].offset == at && w->context->items[i].size == size)
            return;
    const struct rp_flow_read read = {(uint32_t)at, (uint32_t)size};
    w->nomem |= !rp_vec_push(w->context, read);
}

/* ------------------------------------------------------------------ where paths meet */

static bool same(const struct holds *a, const struct holds *b) {
    return a->kind == b->kind && a->map == b->map && a->at == b->at;
}

/* Returns whether `to` changed. What is looked for stays, whatever else there may be. */
static bool join(struct holds *to, const struct holds *from) {
    const struct holds before = *to;
    if (same(to, from))
        return false;
    if (!is_found(to) && !is_found(from))
        *to = (struct holds){0};
    else if (from->kind > to->kind)
        *to = *from;
    return !same(to, &before);
}

static bool join_states(struct state *to, const struct state *from) {
    bool changed = false;
    for (unsigned i = 0; i < REGISTERS; i++) {
        changed |= join(&to->registers[i].low, &from->registers[i].low);
        changed |= join(&to->registers[i].high, &from->registers[i].high);
    }
    for (unsigned i = 0; i < SLOTS; i++)
        changed |= join(&to->slots[i], &from->slots[i]);
    return changed;
}

static void branch(struct walk *w, uint32_t from, int64_t to) {
    if (to < 0 || to >= w->function->insn_count)
        return;
    struct state **there = &w->branched[to];
    bool changed = true;
    if (*there) {
        changed = join_states(*there, &w->now);
    } else if ((*there = malloc(sizeof(w->now)))) {
        **there = w->now;
    } else {
        w->nomem = true;
    }
    w->again |= changed && to <= from;
}

/* ------------------------------------------------------------------ memory */

static unsigned size_of(const struct bpf_insn *insn) {
    switch (BPF_SIZE(insn->code)) {
    case BPF_B:
        return 1;
    case BPF_H:
        return 2;
    case BPF_W:
        return 4;
    default:
        return 8;
    }
}

/* The slot at that address of the frame; NULL where none begins. */
static struct holds *slot_at(struct state *state, int64_t at) {
    bool inside = at >= -FRAME_SIZE && at < 0;
    return inside && at % SLOT_SIZE == 0 ? &state->slots[(at + FRAME_SIZE) / SLOT_SIZE] : NULL;
}

static void forget_frame(struct state *state, int64_t at, int64_t size) {
    for (unsigned i = 0; i < SLOTS; i++) {
        int64_t slot = (int64_t)i * SLOT_SIZE - FRAME_SIZE;
        if (slot < at + size && at < slot + SLOT_SIZE)
            state->slots[i] = (struct holds){0};
    }
}

static void store_half(struct walk *w, const struct holds *address, int64_t at,
                       const struct holds *what) {
    struct holds *slot = address->kind == FRAME ? slot_at(&w->now, at) : NULL;
    if (address->kind == VALUE)
        note_member(w, address->map, RP_FLOW_VALUE, at, what);
    if (address->kind == RECORD)
        note_member(w, address->map, RP_FLOW_RECORD, at, what);
    if (slot)
        *slot = *what;
}

static void store(struct walk *w, const struct holds *address, int16_t offset, unsigned size,
                  const struct reg *what) {
    int64_t at = (int64_t)address->at + offset;
    if (address->kind == FRAME)
        forget_frame(&w->now, at, size);
    if (size >= SLOT_SIZE)
        store_half(w, address, at, &what->low);
    if (size == 2 * SLOT_SIZE)
        store_half(w, address, at + SLOT_SIZE, &what->high);
}

static struct reg load(struct walk *w, const struct holds *address, int16_t offset, unsigned size) {
    int64_t at = (int64_t)address->at + offset;
    struct reg to = {0};
    note_read(w, address, offset, size);
    const struct holds *low = slot_at(&w->now, at), *high = slot_at(&w->now, at + SLOT_SIZE);
    if (address->kind == FRAME && low && size >= SLOT_SIZE)
        to.low = *low;
    if (address->kind == FRAME && high && size == 2 * SLOT_SIZE)
        to.high = *high;
    return to;
}

/* All that is found in `size` bytes of the frame becomes part of the map's. */
static void note_memory(struct walk *w, uint32_t map, enum rp_flow_part part,
                        const struct holds *address, uint32_t size) {
    for (uint32_t i = 0; address->kind == FRAME && i < size; i += SLOT_SIZE) {
        const struct holds *slot = slot_at(&w->now, (int64_t)address->at + i);
        if (slot)
            note_member(w, map, part, i, slot);
    }
}

/* ------------------------------------------------------------------ calls */

static void send(struct walk *w, const struct holds *map, const struct holds *data,
                 const struct holds *size) {
    if (map->kind != MAP)
        return;
    if (size->kind == NUMBER && size->at > 0)
        note_memory(w, map->map, RP_FLOW_RECORD, data, (uint32_t)size->at);
}

static struct reg use_map(struct walk *w, const struct holds *map, const struct holds *key,
                          const struct holds *value) {
    if (map->kind != MAP)
        return (struct reg){0};
    const struct rp_object_map *of = &w->object->maps[map->map];
    note_memory(w, map->map, RP_FLOW_KEY, key, of->key_size);
    if (!value)
        return (struct reg){.low = {.kind = VALUE, .map = map->map}};
    note_memory(w, map->map, RP_FLOW_VALUE, value, of->value_size);
    return (struct reg){0};
}

static struct reg stack_id(const struct holds *map, const struct holds *flags) {
    if (map->kind != MAP)
        return (struct reg){0};
    bool user = flags->kind == NUMBER && (flags->at & BPF_F_USER_STACK);
    return (struct reg){.low = {.kind = user ? USER_STACK : KERNEL_STACK, .map = map->map}};
}

static struct reg reserve(const struct holds *map) {
    if (map->kind != MAP)
        return (struct reg){0};
    return (struct reg){.low = {.kind = RECORD, .map = map->map}};
}

/* What the helper returns. */
static struct reg call_helper(struct walk *w, int helper) {
    const struct reg *r = w->now.registers;
    switch (helper) {
    case BPF_FUNC_get_stackid:
        return stack_id(&r[2].low, &r[3].low);
    case BPF_FUNC_get_current_pid_tgid:
        return (struct reg){.high = {.kind = PID}};
    case BPF_FUNC_get_current_comm:
        store(w, &r[1].low, 0, SLOT_SIZE, &(struct reg){.low = {.kind = COMM}});
        return (struct reg){0};
    case BPF_FUNC_map_lookup_elem:
        return use_map(w, &r[1].low, &r[2].low, NULL);
    case BPF_FUNC_map_update_elem:
        return use_map(w, &r[1].low, &r[2].low, &r[3].low);
    case BPF_FUNC_perf_event_output:
        send(w, &r[2].low, &r[4].low, &r[5].low);
        return (struct reg){0};
    case BPF_FUNC_ringbuf_output:
        send(w, &r[1].low, &r[2].low, &r[3].low);
        return (struct reg){0};
    case BPF_FUNC_ringbuf_reserve:
        return reserve(&r[1].low);
    case BPF_FUNC_probe_read:
    case BPF_FUNC_probe_read_kernel:
        if (r[2].low.kind == NUMBER)
            note_read(w, &r[3].low, 0, r[2].low.at);
        return (struct reg){0};
    default:
        return (struct reg){0};
    }
}

static void call(struct walk *w, const struct bpf_insn *insn) {
    struct reg result = {0};
    if (!insn->src_reg)
        result = call_helper(w, insn->imm);
    memset(w->now.registers, 0, 6 * sizeof(w->now.registers[0])); /* r0 to r5 are lost */
    w->now.registers[0] = result;
}

/* ------------------------------------------------------------------ arithmetic */

static bool is_address(const struct holds *h) {
    return h->kind == FRAME || h->kind == VALUE || h->kind == RECORD || h->kind == CONTEXT;
}

static void move(struct reg *to, const struct reg *from, const struct bpf_insn *insn) {
    *to = *from;
    if (BPF_CLASS(insn->code) == BPF_ALU)
        to->high = (struct holds){0};
}

static void add(struct reg *to, const struct reg *by) {
    bool known = by->low.kind == NUMBER && (is_address(&to->low) || to->low.kind == NUMBER);
    if (known)
        to->low.at = (int32_t)((uint32_t)to->low.at + (uint32_t)by->low.at);
    else
        *to = (struct reg){0};
}

/* By 32: one half becomes the other. */
static void shift(struct reg *to, const struct reg *by, bool left) {
    struct reg from = *to;
    *to = (struct reg){0};
    if (by->low.kind != NUMBER || by->low.at != 32)
        return;
    if (left && is_found(&from.low))
        to->high = from.low;
    else if (!left)
        to->low = from.high;
}

static void or (struct reg * to, const struct reg *by) {
    to->low = is_found(&to->low) ? to->low : is_found(&by->low) ? by->low : (struct holds){0};
    to->high = is_found(&to->high) ? to->high : by->high;
}

static void calculate(struct walk *w, const struct bpf_insn *insn) {
    struct reg *to = &w->now.registers[insn->dst_reg];
    struct reg by = {.low = {.kind = NUMBER, .at = insn->imm}};
    if (BPF_SRC(insn->code) == BPF_X)
        by = w->now.registers[insn->src_reg];
    switch (BPF_OP(insn->code)) {
    case BPF_MOV:
        move(to, &by, insn);
        return;
    case BPF_ADD:
        add(to, &by);
        return;
    case BPF_LSH:
        shift(to, &by, true);
        return;
    case BPF_RSH:
    case BPF_ARSH:
        shift(to, &by, false);
        return;
    case BPF_OR:
        or (to, &by);
        return;
    default:
        *to = (struct reg){0};
    }
}

/* ------------------------------------------------------------------ instructions */

static void load_wide(struct walk *w, const struct bpf_insn *insn) {
    struct reg *to = &w->now.registers[insn->dst_reg];
    *to = (struct reg){0};
    if (insn->src_reg == BPF_PSEUDO_MAP_FD && (uint32_t)insn->imm < w->object->map_count)
        to->low = (struct holds){.kind = MAP, .map = (uint32_t)insn->imm};
    else if (!insn->src_reg && !insn[1].imm)
        to->low = (struct holds){.kind = NUMBER, .at = insn->imm};
}

static void jump(struct walk *w, uint32_t i, const struct bpf_insn *insn) {
    switch (BPF_OP(insn->code)) {
    case BPF_CALL:
        call(w, insn);
        return;
    case BPF_EXIT:
        w->reached = false;
        return;
    case BPF_JA:
        branch(w, i, (int64_t)i + 1 + insn->off);
        w->reached = false;
        return;
    default:
        branch(w, i, (int64_t)i + 1 + insn->off);
    }
}

static void step(struct walk *w, uint32_t i) {
    const struct bpf_insn *insn = &w->function->insns[i];
    struct reg *registers = w->now.registers;
    if (insn->dst_reg >= REGISTERS || insn->src_reg >= REGISTERS)
        return;
    switch (BPF_CLASS(insn->code)) {
    case BPF_ALU:
    case BPF_ALU64:
        calculate(w, insn);
        return;
    case BPF_JMP:
    case BPF_JMP32:
        jump(w, i, insn);
        return;
    case BPF_LDX:
        registers[insn->dst_reg] = load(w, &registers[insn->src_reg].low, insn->off, size_of(insn));
        return;
    case BPF_ST:
        store(w, &registers[insn->dst_reg].low, insn->off, size_of(insn), &(struct reg){0});
        return;
    case BPF_STX:
        if (BPF_MODE(insn->code) == BPF_MEM)
            store(w, &registers[insn->dst_reg].low, insn->off, size_of(insn),
                  &registers[insn->src_reg]);
        return;
    default:
        if (rp_insn_is_wide(insn) && i + 1 < w->function->insn_count)
            load_wide(w, insn);
    }
}

static void pass(struct walk *w) {
    w->again = false;
    w->reached = true;
    memset(&w->now, 0, sizeof(w->now));
    w->now.registers[10].low = (struct holds){.kind = FRAME};
    if (w->context)
        w->now.registers[1].low = (struct holds){.kind = CONTEXT};
    for (uint32_t i = 0; i < w->function->insn_count; i++) {
        struct state *branched = w->branched[i];
        if (branched) {
            if (w->reached)
                join_states(branched, &w->now);
            w->now = *branched;
            w->reached = true;
        }
        if (w->reached)
            step(w, i);
        i += rp_insn_is_wide(&w->function->insns[i]);
    }
}

static void follow(struct walk *w) {
    w->branched = calloc(w->function->insn_count + 1, sizeof(struct state *));
    w->nomem |= !w->branched;
    w->again = true;
    for (unsigned i = 0; i < PASSES_MAX && w->again && !w->nomem; i++)
        pass(w);
    for (uint32_t i = 0; w->branched && i < w->function->insn_count; i++)
        free(w->branched[i]);
    free(w->branched);
}

struct rp_error *rp_flow_follow(const struct rp_object *object, struct rp_flow *flow) {
    struct walk *w = calloc(1, sizeof(*w));
    if (!w)
        return rp_error_nomem();
    w->object = object;
    w->flow = flow;
    for (size_t i = 0; i < object->function_count && !w->nomem; i++) {
        w->function = &object->functions[i];
        follow(w);
    }
    bool nomem = w->nomem;
    free(w);
    return nomem ? rp_error_nomem() : NULL;
}

struct rp_error *rp_flow_context(const struct rp_object *object,
                                 const struct rp_object_function *function,
                                 struct rp_flow_reads *reads) {
    struct walk *w = calloc(1, sizeof(*w));
    struct rp_flow flow = {0};
    if (!w)
        return rp_error_nomem();
    w->object = object;
    w->function = function;
    w->flow = &flow;
    w->context = reads;
    follow(w);
    bool nomem = w->nomem;
    rp_flow_clear(&flow);
    free(w);
    if (nomem)
        rp_vec_clear(reads);
    return nomem ? rp_error_nomem() : NULL;
}

void rp_flow_clear(struct rp_flow *flow) {
    rp_vec_clear(&flow->members);
}
