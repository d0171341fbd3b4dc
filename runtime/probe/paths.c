/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/paths.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "probe/binary.h"
#include "probe/disassembler.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"
#include "util/vec.h"

#define CODE_MAX  (1 << 20)
#define PARTS_MAX 4
#define NONE      UINT32_MAX

/* What one symbol has of the function's code: f, and f.cold. */
struct part {
    uint64_t start, size;
    uint8_t *code;
    uint32_t *nodes; /* by offset: the number of the instruction that begins there, plus 1 */
};

struct node {
    uint64_t address;
    uint64_t to[2]; /* where it goes on; 0: nowhere */
    uint32_t next[2];
    uint32_t order;   /* after all that it leads to */
    uint32_t through; /* the last one that whoever comes here has passed; its own: the first */
};

struct rp_paths {
    const char *path;
    char *name; /* the function's */
    struct part parts[PARTS_MAX];
    unsigned part_count;
    RP_VEC(struct node);
};

/* ------------------------------------------------------------------ code */

static struct part *find_part(const struct rp_paths *p, uint64_t address) {
    for (unsigned i = 0; i < p->part_count; i++)
        if (address >= p->parts[i].start && address - p->parts[i].start < p->parts[i].size)
            return (struct part *)&p->parts[i];
    return NULL;
}

static bool is_own(const struct rp_paths *p, const char *name) {
    size_t length = p->name ? strlen(p->name) : 0;
    return !p->name || (!strncmp(name, p->name, length) && name[length] == '.');
}

/* NULL: it is of another function, or cannot be read. */
static struct part *add_part(struct rp_paths *p, uint64_t address) {
    struct rp_symbol_at at = {.wanted = address};
    struct rp_error *err = rp_binary_each_function(p->path, rp_symbol_at_one, &at);
    RP_AUTO_FREE char *name = at.name;
    bool found = !err && name && at.size <= CODE_MAX && is_own(p, name);
    rp_error_free(err);
    if (!found || p->part_count == PARTS_MAX)
        return NULL;
    struct part *part = &p->parts[p->part_count++];
    *part = (struct part){at.address, at.size, malloc(at.size), calloc(at.size, sizeof(uint32_t))};
    if (part->code)
        part->size = rp_binary_read_code(p->path, at.address, part->code, at.size);
    if (!p->name)
        p->name = rp_take(name);
    return part->code && part->nodes ? part : NULL;
}

static uint32_t *slot_of(struct rp_paths *p, uint64_t address) {
    struct part *part = find_part(p, address);
    if (!part)
        part = add_part(p, address);
    return part && address - part->start < part->size ? &part->nodes[address - part->start] : NULL;
}

static uint32_t node_at(const struct rp_paths *p, uint64_t address) {
    const struct part *part = find_part(p, address);
    uint32_t number = part ? part->nodes[address - part->start] : 0;
    return number ? number - 1 : NONE;
}

/* ------------------------------------------------------------------ instructions */

static const char *note_target(void *ctx, uint64_t address) {
    *(uint64_t *)ctx = address;
    return NULL;
}

static bool begins(const char *text, const char *word) {
    return !strncmp(text, word, strlen(word));
}

/* Where the instruction goes on; false: nobody knows. */
static bool set_ways(const char *text, uint64_t target, uint64_t behind, struct node *node) {
    static const char *const prefixes[] = {"notrack ", "bnd ", "repz ", "rep "};
    for (size_t i = 0; i < RP_COUNT(prefixes); i++)
        text += begins(text, prefixes[i]) ? strlen(prefixes[i]) : 0;
    if (begins(text, "ret") || begins(text, "ud2") || begins(text, "hlt"))
        return true;
    bool always = begins(text, "jmp"), jumps = *text == 'j' || begins(text, "loop");
    if (!always)
        node->to[0] = behind;
    if (jumps)
        node->to[1] = target;
    /* Through the table of what other files have, a function is called last. */
    return !jumps || target || strstr(text, "(%rip)");
}

/* Adds the instruction at the address, and those that it leads to, whose addresses are pushed. */
static bool add_node(struct rp_paths *p, struct rp_disassembler *disassembler, uint64_t *target,
                     uint64_t address) {
    const struct part *part = find_part(p, address);
    uint64_t at = address - part->start;
    struct node node = {.address = address, .next = {NONE, NONE}, .through = NONE};
    char text[256];
    *target = 0;
    size_t length =
        rp_disassemble(disassembler, part->code + at, part->size - at, address, text, sizeof(text));
    if (!length || !set_ways(text, *target, address + length, &node) || !rp_vec_push(p, node))
        return false;
    part->nodes[at] = (uint32_t)p->count;
    return true;
}

/* What the ends of one lead to, if it is of the function. */
static bool add_ways(struct rp_paths *p, struct rp_disassembler *disassembler, uint64_t *target,
                     size_t i) {
    for (unsigned way = 0; way < 2; way++) {
        uint64_t to = p->items[i].to[way];
        uint32_t *slot = to ? slot_of(p, to) : NULL;
        if (slot && !*slot && !add_node(p, disassembler, target, to))
            return false;
        if (slot)
            p->items[i].next[way] = *slot - 1;
    }
    return true;
}

static bool add_nodes(struct rp_paths *p, uint64_t entry) {
    uint64_t target = 0;
    RP_AUTO_DISASSEMBLER struct rp_disassembler *disassembler =
        rp_disassembler_new(RP_INSTRUCTIONS_MACHINE, note_target, &target);
    if (!disassembler || !slot_of(p, entry) || !add_node(p, disassembler, &target, entry))
        return false;
    for (size_t i = 0; i < p->count; i++)
        if (!add_ways(p, disassembler, &target, i))
            return false;
    return true;
}

/* ------------------------------------------------------------------ what all ways pass */

/* Numbers each after all that it leads to, and puts them into `order` so. */
static void set_order(struct rp_paths *p, uint32_t *order, uint32_t *stack, uint8_t *ways) {
    uint32_t depth = 1, done = 0;
    stack[0] = 0;
    ways[0] = 1;
    while (depth) {
        uint32_t i = stack[depth - 1];
        if (ways[i] > 2) {
            p->items[i].order = done;
            order[done++] = i;
            depth--;
            continue;
        }
        uint32_t next = p->items[i].next[ways[i]++ - 1];
        if (next == NONE || ways[next])
            continue;
        ways[next] = 1;
        stack[depth++] = next;
    }
}

/* The last one that the ways to both pass. */
static uint32_t common(const struct rp_paths *p, uint32_t a, uint32_t b) {
    while (a != b) {
        uint32_t *behind = p->items[a].order < p->items[b].order ? &a : &b;
        *behind = p->items[*behind].through;
    }
    return a;
}

/* Cooper, Harvey and Kennedy: A Simple, Fast Dominance Algorithm. */
static void set_through(struct rp_paths *p, const uint32_t *order) {
    p->items[0].through = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = p->count; i-- > 0;)
            for (unsigned way = 0; way < 2; way++) {
                uint32_t next = p->items[order[i]].next[way];
                if (next == NONE || !next)
                    continue;
                uint32_t *through = &p->items[next].through;
                uint32_t now = *through == NONE ? order[i] : common(p, *through, order[i]);
                changed |= now != *through;
                *through = now;
            }
    }
}

static bool find_through(struct rp_paths *p) {
    if (!p->count)
        return false;
    RP_AUTO_FREE uint32_t *order = calloc(p->count, sizeof(*order));
    RP_AUTO_FREE uint32_t *stack = calloc(p->count, sizeof(*stack));
    RP_AUTO_FREE uint8_t *ways = calloc(p->count, sizeof(*ways));
    if (!order || !stack || !ways)
        return false;
    set_order(p, order, stack, ways);
    set_through(p, order);
    return true;
}

struct rp_paths *rp_paths_of(const char *path, uint64_t entry) {
    RP_AUTO_PATHS struct rp_paths *p = calloc(1, sizeof(*p));
    if (!p || !rp_arch.has_convention) /* instructions of other processors are not known */
        return NULL;
    p->path = path;
    return add_nodes(p, entry) && find_through(p) ? rp_take(p) : NULL;
}

void rp_paths_free(struct rp_paths *p) {
    if (!p)
        return;
    for (unsigned i = 0; i < p->part_count; i++) {
        free(p->parts[i].code);
        free(p->parts[i].nodes);
    }
    rp_vec_clear(p);
    free(p->name);
    free(p);
}

/* ------------------------------------------------------------------ questions */

bool rp_paths_pass(const struct rp_paths *p, uint64_t before, uint64_t address) {
    uint32_t a = node_at(p, before), b = node_at(p, address);
    return a != NONE && b != NONE && common(p, a, b) == a;
}

/* Whether one leads to the other without passing `barrier`. */
static bool leads(const struct rp_paths *p, uint32_t from, uint32_t to, uint32_t barrier) {
    RP_AUTO_FREE uint32_t *stack = calloc(p->count, sizeof(*stack));
    RP_AUTO_FREE bool *seen = calloc(p->count, sizeof(*seen));
    uint32_t depth = 0;
    if (!stack || !seen)
        return true;
    seen[barrier] = true;
    for (stack[depth++] = from; depth;) {
        const struct node *node = &p->items[stack[--depth]];
        for (unsigned way = 0; way < 2; way++) {
            uint32_t next = node->next[way];
            if (next == to)
                return true;
            if (next == NONE || seen[next])
                continue;
            seen[next] = true;
            stack[depth++] = next;
        }
    }
    return false;
}

bool rp_paths_are_apart(const struct rp_paths *p, uint64_t one, uint64_t other) {
    uint32_t a = node_at(p, one), b = node_at(p, other);
    if (a == NONE || b == NONE)
        return false;
    uint32_t before = common(p, a, b);
    return before != a && before != b && !leads(p, a, b, before) && !leads(p, b, a, before);
}
