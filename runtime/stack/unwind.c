/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/unwind.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "compile/object.h"
#include "kernel/pids.h"
#include "stack/mappings.h"
#include "stack/unwound_list.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/vec.h"

/* As in compile/prelude/unwind.h. */
#define DEPTH      127
#define PAGE       4096
#define STACK_COPY (32768 + PAGE)
#define RETURNS    16
enum { ENDS_UNKNOWN = 3, ENDS_UNREAD, ENDS_DEEP };

struct rule_key {
    uint64_t ip, memory;
    uint32_t pid, exec;
};
struct at {
    struct rule_key key;
    uint64_t sp, bp;
};
struct probed_return {
    uint64_t stack, ip;
};
struct walk {
    struct at at;
    uint64_t start_stack;
    struct probed_return returns[RETURNS];
    uint32_t id, ended, count, pages; /* `pages`: which are there, from the first on */
    uint64_t addresses[DEPTH + 1];
    uint8_t stack[STACK_COPY];
};

/* In this time an address is looked for once, and so many that are nowhere: each costs a reading of
 * all that is mapped. One alone does not keep others from being found: a sample of an exec has an
 * address of the program before. */
#define LOOK_AGAIN_NS 10000000
#define NOWHERE       8

/* What a process runs, from one exec to the next. */
struct space {
    uint64_t memory; /* 0: no program has told of it yet */
    uint32_t exec;
    struct rp_mappings mappings;
    RP_VEC(struct rule_key) rules; /* that are in the map */
    struct nowhere {
        uint64_t address, looked_ns;
    } nowhere[NOWHERE]; /* what it was looked at for in vain: the last ones, in turn */
    unsigned next_nowhere;
    bool is_over; /* the process has ended: nobody looks at it again */
};

struct rp_unwind {
    struct rp_module *module;
    struct ring_buffer *walks;
    int fds[RP_UNWIND_MAPS];
    struct rp_code_files files;
    RP_VEC(struct space *) spaces;
    struct rp_unwound_list stacks;
};

/* ------------------------------------------------------------------ what processes run */

static struct space *add_space(struct rp_unwind *u, const struct rp_mappings *mappings) {
    struct space *space = calloc(1, sizeof(*space));
    if (!space || !rp_vec_push(&u->spaces, space)) {
        free(space);
        return NULL;
    }
    space->mappings = *mappings;
    return space;
}

/* The last one of the process, which may have run others before. */
static struct space *find_started(const struct rp_unwind *u, pid_t pid, uint64_t start_stack) {
    for (size_t i = u->spaces.count; i-- > 0;) {
        struct space *space = u->spaces.items[i];
        if (space->mappings.pid == pid && space->mappings.start_stack == start_stack)
            return space;
    }
    return NULL;
}

static bool has_mapping(const struct rp_mappings *mappings, const struct rp_mapping *mapping) {
    const struct rp_mapping *found = rp_mappings_find(mappings, mapping->start);
    return found && found->file == mapping->file && found->kind == mapping->kind &&
           found->start - found->offset == mapping->start - mapping->offset;
}

/* Another library may be where one was: its rules are not that one's. */
static void drop_rules(const struct rp_unwind *u, struct space *space,
                       const struct rp_mappings *now) {
    size_t kept = 0;
    for (size_t i = 0; i < space->rules.count; i++) {
        const struct rule_key *key = &space->rules.items[i];
        const struct rp_mapping *mapping =
            rp_mappings_find(&space->mappings, key->ip & ~RP_UNWOUND_CALLER);
        if (!mapping || has_mapping(now, mapping))
            space->rules.items[kept++] = *key;
        else
            bpf_map_delete_elem(u->fds[RP_UNWIND_RULES], key);
    }
    space->rules.count = kept;
}

/* Takes what it has mapped now. */
static void renew(const struct rp_unwind *u, struct space *space, const struct rp_mappings *now) {
    drop_rules(u, space, now);
    rp_mappings_clear(&space->mappings);
    space->mappings = *now;
}

/* False: it is not there any more, or runs another program. */
static bool look(struct rp_unwind *u, struct space *space) {
    struct rp_mappings now = {.pid = space->mappings.pid};
    if (!rp_mappings_read(&now, &u->files, space->mappings.start_stack))
        return false;
    renew(u, space, &now);
    return true;
}

static struct space *note(struct rp_unwind *u, pid_t pid, uint64_t start_stack) {
    struct rp_mappings now = {.pid = pid};
    if (!rp_mappings_read(&now, &u->files, start_stack))
        return NULL;
    struct space *space = find_started(u, pid, now.start_stack);
    if (space) {
        renew(u, space, &now);
        return space;
    }
    space = add_space(u, &now);
    if (!space)
        rp_mappings_clear(&now);
    return space;
}

void rp_unwind_notice(struct rp_unwind *unwind, pid_t pid) {
    if (unwind)
        note(unwind, pid, 0);
}

void rp_unwind_notice_again(struct rp_unwind *unwind) {
    for (size_t i = 0; unwind && i < unwind->spaces.count; i++) {
        struct space *space = unwind->spaces.items[i];
        if (!space->is_over && !look(unwind, space))
            space->is_over = rp_pid_has_ended(space->mappings.pid);
    }
}

/* What the stack is of; NULL: it had ended before anybody saw it. */
static struct space *space_of(struct rp_unwind *u, const struct walk *walk) {
    const struct rule_key *key = &walk->at.key;
    for (size_t i = u->spaces.count; i-- > 0;) {
        struct space *space = u->spaces.items[i];
        if (space->mappings.pid == (pid_t)key->pid && space->memory == key->memory &&
            space->exec == key->exec)
            return space;
    }
    struct space *space = find_started(u, (pid_t)key->pid, walk->start_stack);
    if (!space || space->memory)
        space = note(u, (pid_t)key->pid, walk->start_stack);
    if (space) {
        space->memory = key->memory;
        space->exec = key->exec;
    }
    return space;
}

/* ------------------------------------------------------------------ rules */

static bool may_look(const struct space *space, uint64_t address, uint64_t now) {
    for (size_t i = 0; i < NOWHERE; i++) {
        const struct nowhere *last = &space->nowhere[i];
        bool is_due = now - last->looked_ns >= LOOK_AGAIN_NS;
        if (!is_due && (last->address == address || i == space->next_nowhere))
            return false;
    }
    return true;
}

static void note_nowhere(struct space *space, uint64_t address, uint64_t now) {
    space->nowhere[space->next_nowhere] = (struct nowhere){address, now};
    space->next_nowhere = (space->next_nowhere + 1) % NOWHERE;
}

/* Looks again where there was no code: a library may have been opened since. */
static bool find_rule(struct rp_unwind *u, struct space *space, uint64_t ip, struct rp_rule *out) {
    bool is_caller = ip & RP_UNWOUND_CALLER;
    uint64_t address = ip & ~RP_UNWOUND_CALLER, now = rp_now_ns();
    if (rp_mappings_rule(&space->mappings, &u->files, address, is_caller, out))
        return true;
    if (!may_look(space, address, now))
        return false;
    if (look(u, space) && rp_mappings_rule(&space->mappings, &u->files, address, is_caller, out))
        return true;
    note_nowhere(space, address, now);
    return false;
}

/* Where the map is full programs go on to ask. */
static void tell_rule(const struct rp_unwind *u, struct space *space, const struct rule_key *key,
                      const struct rp_rule *rule) {
    if (rp_vec_reserve(&space->rules, 1) &&
        !bpf_map_update_elem(u->fds[RP_UNWIND_RULES], key, rule, BPF_NOEXIST))
        rp_vec_push(&space->rules, *key);
}

/* ------------------------------------------------------------------ through the copy */

/* The first page is what there is of one. */
static bool is_there(const struct walk *walk, uint64_t at) {
    uint64_t page = (at + walk->at.sp % PAGE) / PAGE;
    return page <= STACK_COPY / PAGE && (walk->pages >> page & 1);
}

static bool read_word(const struct walk *walk, uint64_t address, uint64_t *out) {
    uint64_t at = address - walk->at.sp;
    if (address < walk->at.sp || at > STACK_COPY - sizeof(*out) || !is_there(walk, at) ||
        !is_there(walk, at + sizeof(*out) - 1))
        return false;
    memcpy(out, walk->stack + at, sizeof(*out));
    return true;
}

/* As rp_walk_up() of compile/prelude/unwind.h does it. */
static unsigned walk_up(const struct walk *walk, const struct rp_rule *rule, struct at *at) {
    if (rule->kind)
        return rule->kind;
    if ((rule->cfa_of & RP_OF_BP) && !at->bp)
        return RP_RULE_END;
    uint64_t cfa = (rule->cfa_of & RP_OF_BP ? at->bp : at->sp) + (uint64_t)(int64_t)rule->cfa;
    if ((rule->cfa_of & RP_DEREF) && !read_word(walk, cfa, &cfa))
        return ENDS_UNREAD;
    uint64_t ip, from = rule->ip_of & RP_OF_SP ? at->sp : cfa;
    if (!read_word(walk, from + (uint64_t)(int64_t)rule->ip, &ip))
        return ENDS_UNREAD;
    if (!ip)
        return RP_RULE_END;
    if (!(rule->ip_of & RP_EXACT) && cfa <= at->sp)
        return RP_RULE_CUT;
    from = rule->bp_of == RP_OF_CFA ? cfa : rule->bp_of == RP_OF_SP ? at->sp : at->bp;
    if (rule->bp_of != RP_OF_SAME && !read_word(walk, from + (uint64_t)(int64_t)rule->bp, &at->bp))
        return ENDS_UNREAD;
    at->key.ip = rule->ip_of & RP_EXACT ? ip : ip | RP_UNWOUND_CALLER;
    at->sp = cfa;
    return 0;
}

/* Where a return is probed, the address goes on to be where it belongs. */
static void leave_probed(const struct walk *walk, struct at *at) {
    for (size_t i = 0; i < RETURNS; i++)
        if (walk->returns[i].ip && walk->returns[i].stack == at->sp - sizeof(uint64_t)) {
            at->key.ip = walk->returns[i].ip | RP_UNWOUND_CALLER;
            return;
        }
}

/* The rule where the walk is, which is told of. */
static bool next_rule(struct rp_unwind *u, struct space *space, const struct walk *walk,
                      struct at *at, struct rp_rule *out) {
    bool found = find_rule(u, space, at->key.ip, out);
    if (found && out->kind == RP_RULE_PROBED) {
        leave_probed(walk, at);
        found = find_rule(u, space, at->key.ip, out) && out->kind != RP_RULE_PROBED;
    }
    if (found)
        tell_rule(u, space, &at->key, out);
    return found;
}

static unsigned walk_on(struct rp_unwind *u, struct space *space, const struct walk *walk,
                        struct rp_unwound *stack) {
    struct at at = walk->at;
    for (;;) {
        struct rp_rule rule;
        bool has_rule = next_rule(u, space, walk, &at, &rule);
        stack->addresses[stack->count - 1] = at.key.ip;
        if (!has_rule)
            return RP_RULE_CUT;
        unsigned end = walk_up(walk, &rule, &at);
        if (end)
            return end;
        if (stack->count == DEPTH)
            return ENDS_DEEP;
        stack->addresses[stack->count++] = at.key.ip;
    }
}

/* One that a program has not followed to its end; NULL: who could tell of it has ended. */
static void complete(struct rp_unwind *u, const struct walk *walk, struct rp_unwound *stack) {
    struct space *space = space_of(u, walk);
    stack->is_cut = !space || walk_on(u, space, walk, stack) != RP_RULE_END;
    if (stack->is_cut)
        rp_module_add_cut(u->module, 1);
    bpf_map_delete_elem(u->fds[RP_UNWIND_KNOWN], &walk->id); /* it was for this one only */
}

static int on_walk(void *ctx, void *data, size_t size) {
    struct rp_unwind *u = ctx;
    const struct walk *walk = data;
    uint64_t addresses[DEPTH];
    if (size < sizeof(*walk) || !walk->count || walk->count > DEPTH)
        return 0;
    memcpy(addresses, walk->addresses, walk->count * sizeof(*addresses));
    struct rp_unwound stack = {
        .addresses = addresses, .count = walk->count, .is_cut = walk->ended != RP_RULE_END};
    if (walk->ended == ENDS_UNKNOWN)
        complete(u, walk, &stack);
    rp_unwound_list_add(&u->stacks, walk->id, &stack);
    return 0;
}

/* ------------------------------------------------------------------ all of it */

static bool open_maps(struct rp_unwind *u) {
    for (size_t i = 0; i < RP_UNWIND_MAPS; i++) {
        u->fds[i] = rp_module_map_fd(u->module, rp_unwind_map_name(i));
        if (u->fds[i] < 0)
            return false;
    }
    return true;
}

static bool turn(const struct rp_unwind *u, bool on) {
    uint32_t which = RP_UNWOUND_ON;
    uint64_t value = on;
    return !bpf_map_update_elem(u->fds[RP_UNWIND_COUNTS], &which, &value, BPF_ANY);
}

struct rp_error *rp_unwind_new(struct rp_module *module, struct rp_unwind **out) {
    struct rp_unwind *u = calloc(1, sizeof(*u));
    *out = NULL;
    if (!u)
        return rp_error_nomem();
    u->module = module;
    if (!open_maps(u)) {
        free(u);
        return NULL;
    }
    u->walks = ring_buffer__new(u->fds[RP_UNWIND_WALKS], on_walk, u, NULL);
    if (!u->walks || !turn(u, true)) {
        rp_unwind_free(u);
        return rp_error_new(errno, NULL, "cannot read the stacks of processes");
    }
    *out = u;
    return NULL;
}

static void free_space(struct space *space) {
    rp_mappings_clear(&space->mappings);
    rp_vec_clear(&space->rules);
    free(space);
}

void rp_unwind_free(struct rp_unwind *unwind) {
    if (!unwind)
        return;
    turn(unwind, false);
    ring_buffer__free(unwind->walks);
    for (size_t i = 0; i < unwind->spaces.count; i++)
        free_space(unwind->spaces.items[i]);
    rp_vec_clear(&unwind->spaces);
    rp_code_files_clear(&unwind->files);
    rp_unwound_list_clear(&unwind->stacks);
    free(unwind);
}

void rp_unwind_take_stacks(struct rp_unwind *unwind, struct rp_unwind *other) {
    rp_unwind_read(other);
    for (size_t i = 0; unwind && other && i < other->stacks.entries.count; i++) {
        const struct rp_unwound_entry *entry = &other->stacks.entries.items[i];
        rp_unwound_list_add(&unwind->stacks, entry->id, &entry->stack);
    }
}

int rp_unwind_fd(const struct rp_unwind *unwind) {
    return unwind ? unwind->fds[RP_UNWIND_WALKS] : -1;
}

void rp_unwind_read(struct rp_unwind *unwind) {
    if (unwind)
        ring_buffer__consume(unwind->walks);
}

/* What was sent is there, or on its way from another CPU: it was sent before the id was used. */
static const struct rp_unwound_entry *find_entry(struct rp_unwind *unwind, int32_t id) {
    const struct rp_unwound_entry *found =
        unwind ? rp_unwound_list_find(&unwind->stacks, (uint32_t)id) : NULL;
    if (found || !unwind)
        return found;
    rp_unwind_read(unwind);
    return rp_unwound_list_find(&unwind->stacks, (uint32_t)id);
}

const struct rp_unwound *rp_unwind_find(struct rp_unwind *unwind, int32_t id) {
    const struct rp_unwound_entry *entry = find_entry(unwind, id);
    return entry ? &entry->stack : NULL;
}

/* Of what the process ran last. */
static const struct rp_mappings *find_code(const struct rp_unwind *unwind, pid_t pid,
                                           uint64_t address) {
    for (size_t i = unwind ? unwind->spaces.count : 0; i-- > 0;) {
        const struct rp_mappings *mappings = &unwind->spaces.items[i]->mappings;
        if (mappings->pid == pid && rp_mappings_find(mappings, address))
            return mappings;
    }
    return NULL;
}

const struct rp_frame_list *rp_unwind_frames(const struct rp_unwind *unwind, pid_t pid,
                                             uint64_t address) {
    const struct rp_mappings *mappings = find_code(unwind, pid, address);
    return mappings ? rp_mappings_frames(mappings, address) : NULL;
}

char *rp_unwind_name(const struct rp_unwind *unwind, pid_t pid, uint64_t address) {
    const struct rp_mappings *mappings = find_code(unwind, pid, address);
    return mappings ? rp_mappings_name(mappings, address) : NULL;
}

int32_t rp_unwind_first_id(struct rp_unwind *unwind, int32_t id) {
    const struct rp_unwound_entry *entry = find_entry(unwind, id);
    return entry ? (int32_t)entry->id : id;
}
