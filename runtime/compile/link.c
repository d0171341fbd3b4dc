/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/link.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "compile/load.h"
#include "kernel/current.h"
#include "kernel/pids.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"
#include "util/worker.h"

#define HASHED_CHARACTERS 48

uint32_t rp_link_hash(const char *name) {
    uint32_t hash = 2166136261u;
    size_t len = strlen(name);
    for (size_t i = 0; i < HASHED_CHARACTERS; i++)
        hash = (hash ^ (i < len ? (uint8_t)name[i] : 0)) * 16777619u;
    return hash;
}

void rp_link_map_kind(struct rp_object_map *map) {
    if (!(map->flags & RP_MAP_USER_RINGBUF))
        return;
    map->type = BPF_MAP_TYPE_USER_RINGBUF;
    map->max_entries *= (uint32_t)sysconf(_SC_PAGESIZE);
    map->key_size = map->value_size = map->btf_key = map->btf_value = map->flags = 0;
}

bool rp_link_is_callback(const char *function) {
    return strncmp(function, RP_CALLBACK_PREFIX, strlen(RP_CALLBACK_PREFIX)) == 0;
}

static bool is_callback(const struct rp_object *object, const char *function) {
    (void)object;
    return rp_link_is_callback(function);
}

/* Of an ELF file others are called by these, and external ones may be verified on their own. */
static bool is_program(const struct rp_object *object, const char *function) {
    return rp_object_function(object, function);
}

static void make_static(const struct rp_object *object, void *data, uint32_t data_size,
                        bool (*which)(const struct rp_object *object, const char *function)) {
    struct btf *btf = data ? btf__new(data, data_size) : NULL;
    bool changed = false;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        struct btf_type *type = (struct btf_type *)btf__type_by_id(btf, id);
        if (!btf_is_func(type) || !which(object, btf__name_by_offset(btf, type->name_off)))
            continue;
        type->info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC;
        changed = true;
    }
    uint32_t size;
    const void *raw = changed ? btf__raw_data(btf, &size) : NULL;
    if (raw && size == data_size)
        memcpy(data, raw, size);
    btf__free(btf);
}

void rp_link_callbacks_static(struct rp_object *object) {
    make_static(object, object->btf, object->btf_size, is_callback);
}

void rp_link_programs_static(const struct rp_object *object, void *btf, uint32_t size) {
    make_static(object, btf, size, is_program);
}

/* ------------------------------------------------------------- one function */

struct records {
    RP_VEC(uint8_t);
    uint32_t number, size; /* of them, and of one, in bytes */
};

struct linker {
    const struct rp_object *object;
    const char *name;
    const int *map_fds;
    const uint64_t *target;
    uint32_t *starts; /* of each of the object's functions in `insns`; 0: not in it */
    RP_VEC(struct bpf_insn) insns;
    struct records funcs, lines;
};

static void linker_clear(struct linker *l) {
    rp_vec_clear(&l->insns);
    rp_vec_clear(&l->funcs);
    rp_vec_clear(&l->lines);
}

/* Appends `from`, whose records count instructions from the function's start. */
static bool append_records(struct records *to, const struct rp_object_records *from,
                           uint32_t start) {
    if (!from->count || (to->number && to->size != from->size))
        return true;
    size_t at = to->count;
    if (!rp_vec_append(to, from->data, (size_t)from->count * from->size))
        return false;
    for (; at < to->count; at += from->size) {
        uint32_t offset; /* the first member of both kinds of record */
        memcpy(&offset, &to->items[at], sizeof(offset));
        offset += start;
        memcpy(&to->items[at], &offset, sizeof(offset));
    }
    to->size = from->size;
    to->number += from->count;
    return true;
}

static bool append(struct linker *l, const struct rp_object_function *function) {
    uint32_t start = (uint32_t)l->insns.count;
    return rp_vec_append(&l->insns, function->insns, function->insn_count) &&
           append_records(&l->funcs, &function->funcs, start) &&
           append_records(&l->lines, &function->lines, start);
}

static struct rp_object_records take_records(struct records *records) {
    void *data = rp_take(records->items);
    return (struct rp_object_records){
        .data = data, .count = records->number, .size = records->size};
}

/* Hands over what was linked. */
static void take_linked(struct linker *l, struct rp_object_function *out) {
    out->insns = rp_take(l->insns.items);
    out->insn_count = (uint32_t)l->insns.count;
    out->funcs = take_records(&l->funcs);
    out->lines = take_records(&l->lines);
}

static struct rp_error *cannot_link(const struct linker *l, const char *why) {
    return rp_error_new(EINVAL, why, "cannot load %s", l->name);
}

/* The callback whose name has that hash, or -1. */
static ssize_t find_callback(const struct rp_object *object, uint32_t hash) {
    for (size_t i = 0; i < object->function_count; i++)
        if (rp_link_is_callback(object->functions[i].name) &&
            rp_link_hash(object->functions[i].name + strlen(RP_CALLBACK_PREFIX)) == hash)
            return (ssize_t)i;
    return -1;
}

static struct rp_error *link_callback(struct linker *l, uint32_t at, uint32_t hash) {
    ssize_t i = find_callback(l->object, hash);
    if (i < 0)
        return rp_error_hint_set(
            cannot_link(l, "it passes a callback that does not exist"),
            "declare the function with BPF_CALLBACK(name, parameters…) before it is used");
    if (!l->starts[i]) {
        l->starts[i] = (uint32_t)l->insns.count;
        if (!append(l, &l->object->functions[i]))
            return rp_error_nomem();
    }
    struct bpf_insn *insn = &l->insns.items[at]; /* appending may have moved them */
    insn->src_reg = BPF_PSEUDO_FUNC;
    insn[0].imm = (int)(l->starts[i] - at - 1);
    insn[1].imm = 0;
    return NULL;
}

static struct rp_error *link_map(const struct linker *l, uint32_t at, size_t map) {
    if (map >= l->object->map_count)
        return cannot_link(l, "it uses a map that is not its own");
    struct bpf_insn *insn = &l->insns.items[at];
    bool is_value = insn->src_reg == BPF_PSEUDO_MAP_VALUE; /* imm of the second half: where in it */
    insn->src_reg = is_value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
    insn[0].imm = l->map_fds[map];
    insn[1].imm = is_value ? insn[1].imm : 0;
    return NULL;
}

static struct rp_error *link_named_map(const struct linker *l, uint32_t at, uint32_t hash) {
    for (size_t i = 0; i < l->object->map_count; i++)
        if (rp_link_hash(l->object->maps[i].name) == hash)
            return link_map(l, at, i);
    return rp_error_hint_set(cannot_link(l, "it names a map that does not exist"),
                             "use the name in the map's declaration, such as "
                             "BPF_HASH(name, key)");
}

static struct rp_error *link_target(const struct linker *l, struct bpf_insn *insn, uint32_t which) {
    if (which >= RP_TARGET_COUNT)
        return cannot_link(l, "it asks for an unknown property of the target");
    insn[0].imm = (int)(uint32_t)l->target[which];
    insn[1].imm = (int)(uint32_t)(l->target[which] >> 32);
    return NULL;
}

static struct rp_error *link_preempt(const struct linker *l, struct bpf_insn *insn) {
    struct rp_kernel_variable count;
    if (!rp_kernel_preempt_count(&count))
        return cannot_link(l, "it asks whether an interrupt runs, which this kernel does not tell");
    insn->src_reg = BPF_PSEUDO_BTF_ID;
    insn[0].imm = (int)count.id;
    insn[1].imm = 0;
    return NULL;
}

static struct rp_error *link_constant(struct linker *l, uint32_t at) {
    struct bpf_insn *insn = &l->insns.items[at];
    uint32_t low = (uint32_t)insn[0].imm;
    if (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE)
        return link_map(l, at, low);
    if (insn->src_reg || l->object->elf) /* whose constants are the author's */
        return NULL;
    switch ((uint32_t)insn[1].imm) {
    case RP_SLOT_TARGET:
        return link_target(l, insn, low);
    case RP_SLOT_CALLBACK:
        return link_callback(l, at, low);
    case RP_SLOT_MAP:
        return link_named_map(l, at, low);
    case RP_SLOT_PREEMPT:
        return link_preempt(l, insn);
    default:
        return NULL;
    }
}

struct rp_error *rp_link_function(const struct rp_object *object,
                                  const struct rp_object_function *function, const int *map_fds,
                                  const uint64_t *target, struct rp_object_function *out) {
    *out = (struct rp_object_function){.name = function->name, .flags = function->flags};
    RP_AUTO_FREE uint32_t *starts = calloc(object->function_count, sizeof(*starts));
    RP_AUTO(linker_clear)
    struct linker l = {.object = object,
                       .name = function->name,
                       .map_fds = map_fds,
                       .target = target,
                       .starts = starts};
    if (!starts || !append(&l, function))
        return rp_error_nomem();
    /* The list grows while we walk over it: callbacks are appended. */
    for (uint32_t i = 0; i + 1 < l.insns.count; i++)
        if (rp_insn_is_wide(&l.insns.items[i]))
            RP_TRY(link_constant(&l, i++));
    take_linked(&l, out);
    return NULL;
}

/* ------------------------------------------------------------- the gate */

enum {
    IS_OPEN = offsetof(struct rp_gate_words, is_open),
    INSIDE = offsetof(struct rp_gate_words, inside)
};

#define INSN(c, d, s, o, i)                                                                        \
    ((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define MOVE(to, from)       INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, number)      INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number)
#define LOAD(to, from, at)   INSN(BPF_LDX | BPF_MEM | BPF_DW, to, from, at, 0)
#define SKIP_IF_0(reg, skip) INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, skip, 0)
/* Adds and fetches the old value, which the kernel turns into a full barrier (Linux 5.12). */
#define FETCH_ADD(base, at, reg)                                                                   \
    INSN(BPF_STX | BPF_ATOMIC | BPF_DW, base, reg, at, BPF_ADD | BPF_FETCH)

/* The program also checks the gate before it counts itself in: otherwise, under a flood, some
 * program would always be inside. */
bool rp_link_gate(struct rp_object_function *linked, const struct rp_gate *gate) {
    enum { CONTEXT = BPF_REG_6, WORDS = BPF_REG_7, RESULT = BPF_REG_8, WORD = BPF_REG_1 };
    const struct bpf_insn before[] = {
        MOVE(CONTEXT, BPF_REG_1),
        SET(RESULT, 0),
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_smp_processor_id),
        INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, (int)gate->cpus - 1),
        INSN(BPF_ALU64 | BPF_MUL | BPF_K, BPF_REG_0, 0, 0, sizeof(struct rp_gate_words)),
        INSN(BPF_LD | BPF_DW | BPF_IMM, WORDS, BPF_PSEUDO_MAP_VALUE, 0, gate->map_fd),
        INSN(0, 0, 0, 0, (int)gate->offset),
        INSN(BPF_ALU64 | BPF_ADD | BPF_X, WORDS, BPF_REG_0, 0, 0),
        LOAD(WORD, WORDS, IS_OPEN),
        SKIP_IF_0(WORD, 9),
        SET(WORD, 1),
        FETCH_ADD(WORDS, INSIDE, WORD),
        LOAD(WORD, WORDS, IS_OPEN),
        SKIP_IF_0(WORD, 3),
        MOVE(BPF_REG_1, CONTEXT),
        INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 5),
        MOVE(RESULT, BPF_REG_0),
        SET(WORD, -1),
        FETCH_ADD(WORDS, INSIDE, WORD),
        MOVE(BPF_REG_0, RESULT),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    struct rp_object_function own = {.insns = (struct bpf_insn *)before,
                                     .insn_count = RP_COUNT(before),
                                     .funcs = linked->funcs,
                                     .lines = linked->lines};
    /* The kernel sees another function with the same name and lines. */
    own.funcs.count = own.funcs.count > 0;
    own.lines.count = own.lines.count > 0;
    RP_AUTO(linker_clear) struct linker l = {.name = linked->name};
    if (!append(&l, &own) || !append(&l, linked))
        return false;
    rp_link_clear(linked);
    take_linked(&l, linked);
    return true;
}

/* ------------------------------------------------------------- losses */

/* Of a helper that sends: it failed if it returned 0 (no record), else if that is negative. A ring
 * buffer's have its size and its flags in registers, of which some bits are allowed. */
static const struct sender {
    int helper;
    bool reserves;
    uint8_t size, flags; /* 0: it sends to a perf buffer */
    int wrong_flags;
} senders[] = {{BPF_FUNC_ringbuf_reserve, true, BPF_REG_2, BPF_REG_3, -1},
               {BPF_FUNC_ringbuf_reserve_dynptr, false, BPF_REG_2, BPF_REG_3, -1},
               {BPF_FUNC_ringbuf_output, false, BPF_REG_3, BPF_REG_4,
                ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)},
               {BPF_FUNC_perf_event_output, .size = 0},
               {BPF_FUNC_skb_output, .size = 0},
               {BPF_FUNC_xdp_output, .size = 0}};

static bool is_call_of(const struct bpf_insn *insn, const struct sender *sender) {
    return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == sender->helper;
}

bool rp_link_sends(const struct rp_object *object) {
    for (size_t f = 0; f < object->function_count; f++)
        for (uint32_t i = 0; i < object->functions[f].insn_count; i++)
            for (size_t s = 0; s < RP_COUNT(senders); s++)
                if (is_call_of(&object->functions[f].insns[i], &senders[s]))
                    return true;
    return false;
}

/* Has all calls of the helper, in the instructions before `end`, call the function at `end`.
 * Returns whether there are any. */
static bool redirect(struct linker *l, const struct sender *sender, uint32_t end) {
    bool any = false;
    for (uint32_t i = 0; i < end; i++) {
        struct bpf_insn *insn = &l->insns.items[i];
        if (rp_insn_is_wide(insn)) {
            i++;
        } else if (is_call_of(insn, sender)) {
            insn->src_reg = BPF_PSEUDO_CALL;
            insn->imm = (int)(end - i - 1);
            any = true;
        }
    }
    return any;
}

/* What the functions below keep, and why a record could not be sent (RP_LOST_FULL, or an error). */
enum { RESULT = BPF_REG_6, RING = BPF_REG_7, SIZE = BPF_REG_8, FLAGS = BPF_REG_9, WHY = BPF_REG_3 };

/* Calls the helper, and leaves the function if it did not fail. */
static bool append_call(struct linker *l, const struct sender *sender) {
    const struct bpf_insn keep[] = {MOVE(RING, BPF_REG_1), MOVE(SIZE, sender->size),
                                    MOVE(FLAGS, sender->flags)};
    const struct bpf_insn call[] = {
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, sender->helper),
        INSN(BPF_JMP | (sender->reserves ? BPF_JEQ : BPF_JSLT) | BPF_K, BPF_REG_0, 0, 1, 0),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
        MOVE(RESULT, BPF_REG_0),
    };
    return (!sender->size || rp_vec_append(&l->insns, keep, RP_COUNT(keep))) &&
           rp_vec_append(&l->insns, call, RP_COUNT(call));
}

/* Of a ring buffer the kernel says only that there is no room; a perf buffer is full if it says
 * ENOSPC. */
static bool append_why(struct linker *l, const struct sender *sender) {
    const struct bpf_insn of_ring[] = {
        MOVE(BPF_REG_1, RING),
        SET(BPF_REG_2, BPF_RB_RING_SIZE),
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_query),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, SIZE, 0, 0, BPF_RINGBUF_HDR_SZ),
        SET(WHY, EMSGSIZE),
        INSN(BPF_JMP | BPF_JGT | BPF_X, SIZE, BPF_REG_0, 3, 0),
        SET(WHY, EINVAL),
        INSN(BPF_JMP | BPF_JSET | BPF_K, FLAGS, 0, 1, sender->wrong_flags),
        SET(WHY, RP_LOST_FULL),
    };
    const struct bpf_insn of_perf[] = {
        SET(WHY, RP_LOST_FULL),
        INSN(BPF_JMP | BPF_JEQ | BPF_K, RESULT, 0, 3, -ENOSPC),
        MOVE(WHY, RESULT),
        INSN(BPF_ALU64 | BPF_NEG, WHY, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_AND | BPF_K, WHY, 0, 0, RP_LOST_KINDS - 1),
    };
    return sender->size ? rp_vec_append(&l->insns, of_ring, RP_COUNT(of_ring))
                        : rp_vec_append(&l->insns, of_perf, RP_COUNT(of_perf));
}

static bool append_count(struct linker *l, int map_fd) {
    enum { COUNT = BPF_REG_1, ONE = BPF_REG_2 };
    const struct bpf_insn insns[] = {
        INSN(BPF_LD | BPF_DW | BPF_IMM, COUNT, BPF_PSEUDO_MAP_VALUE, 0, map_fd),
        INSN(0, 0, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_LSH | BPF_K, WHY, 0, 0, 3),
        INSN(BPF_ALU64 | BPF_ADD | BPF_X, COUNT, WHY, 0, 0),
        SET(ONE, 1),
        INSN(BPF_STX | BPF_ATOMIC | BPF_DW, COUNT, ONE, 0, BPF_ADD),
        MOVE(BPF_REG_0, RESULT),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    return rp_vec_append(&l->insns, insns, RP_COUNT(insns));
}

/* The function that calls the helper with its own arguments. */
static bool append_sender(struct linker *l, const struct sender *sender, uint32_t type,
                          int map_fd) {
    struct bpf_func_info func = {.type_id = type};
    struct bpf_line_info line = {0};
    if (l->lines.number)
        memcpy(&line, l->lines.items, sizeof(line)); /* any, but there must be one */
    line.insn_off = 0;
    const struct rp_object_function records = {.funcs = {&func, l->funcs.number > 0, sizeof(func)},
                                               .lines = {&line, l->lines.number > 0, sizeof(line)}};
    return append(l, &records) && append_call(l, sender) && append_why(l, sender) &&
           append_count(l, map_fd);
}

bool rp_link_losses(const struct rp_object *object, struct rp_object_function *linked, int map_fd) {
    RP_AUTO(linker_clear) struct linker l = {.name = linked->name};
    uint32_t own = linked->insn_count;
    if (!append(&l, linked))
        return false;
    bool told = l.funcs.number
                    ? object->loss_function && l.funcs.size == sizeof(struct bpf_func_info)
                    : true;
    if (!told || (l.lines.number && l.lines.size != sizeof(struct bpf_line_info)))
        return true; /* records that we do not know: nothing is counted */
    for (size_t i = 0; i < RP_COUNT(senders); i++) {
        uint32_t end = (uint32_t)l.insns.count;
        if (redirect(&l, &senders[i], end) &&
            !append_sender(&l, &senders[i], object->loss_function, map_fd))
            return false;
    }
    if (l.insns.count == own)
        return true;
    rp_link_clear(linked);
    take_linked(&l, linked);
    return true;
}

void rp_link_clear(struct rp_object_function *linked) {
    free(rp_take(linked->insns));
    free(rp_take(linked->funcs.data));
    free(rp_take(linked->lines.data));
}

/* ------------------------------------------------------------- the target */

#define COMM_SIZE 16 /* TASK_COMM_LEN, its final NUL included */

/* In cgroup v2 the inode number of its directory is a cgroup's id (fs/kernfs/dir.c: kernfs_ino()).
 */
static struct rp_error *cgroup_id(const char *path, uint64_t *id) {
    struct statfs fs;
    struct stat status;
    if (statfs(path, &fs) || stat(path, &status))
        return rp_error_hint_set(
            rp_error_new(errno, NULL, "cannot use the cgroup %s", path),
            "use its directory, such as /sys/fs/cgroup/system.slice (systemd-cgls lists them)");
    if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(status.st_mode))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not the directory of a cgroup v2",
                         "cannot use the cgroup %s", path),
            "cgroups are directories below /sys/fs/cgroup (or /sys/fs/cgroup/unified); `mount -t "
            "cgroup2` shows where");
    *id = status.st_ino;
    return NULL;
}

static struct rp_error *comm_constants(const char *comm, uint64_t constants[2]) {
    if (!*comm || strlen(comm) >= COMM_SIZE)
        return rp_error_hint_set(rp_error_new(EINVAL, "a task's name has 1 to 15 bytes",
                                              "cannot trace tasks named %s", comm),
                                 "use the name that ps -o comm shows: at most the first 15 bytes");
    char name[COMM_SIZE] = "";
    snprintf(name, sizeof(name), "%s", comm);
    memcpy(constants, name, sizeof(name));
    return NULL;
}

struct rp_error *rp_target_constants(const struct rp_target *target,
                                     uint64_t constants[RP_TARGET_COUNT]) {
    memset(constants, 0, RP_TARGET_COUNT * sizeof(*constants));
    pid_t pid, self;
    RP_TRY(rp_pid_of_kernel(target->pid, &pid));
    constants[RP_TARGET_PID] = (uint64_t)pid;
    struct rp_error *unknown = rp_pid_of_kernel(getpid(), &self);
    constants[RP_TARGET_SELF] = unknown ? UINT64_MAX : (uint64_t)self;
    rp_error_free(unknown);
    rp_worker_name(&constants[RP_TARGET_WORKER]);
    if (target->has_uid)
        constants[RP_TARGET_UID] = 1ULL << 32 | target->uid;
    if (target->comm)
        RP_TRY(comm_constants(target->comm, &constants[RP_TARGET_COMM]));
    return target->cgroup ? cgroup_id(target->cgroup, &constants[RP_TARGET_CGROUP]) : NULL;
}
