/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/link.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"

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

void rp_link_callbacks_static(struct rp_object *object) {
    struct btf *btf = object->btf ? btf__new(object->btf, object->btf_size) : NULL;
    bool changed = false;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        struct btf_type *type = (struct btf_type *)btf__type_by_id(btf, id);
        if (!btf_is_func(type) || !rp_link_is_callback(btf__name_by_offset(btf, type->name_off)))
            continue;
        type->info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC;
        changed = true;
    }
    uint32_t size;
    const void *raw = changed ? btf__raw_data(btf, &size) : NULL;
    if (raw && size == object->btf_size)
        memcpy(object->btf, raw, size);
    btf__free(btf);
}

/* ------------------------------------------------------------- one function */

struct linker {
    const struct rp_object *object;
    const int *map_fds;
    const uint64_t *target;
    uint32_t *starts; /* of each of the object's functions in `out`; 0: not there */
    struct rp_object_function *out;
};

/* Appends `from`, whose records count instructions from the function's start. */
static bool append_records(struct rp_object_records *to, const struct rp_object_records *from,
                           uint32_t start) {
    if (!from->count || (to->count && to->size != from->size))
        return true;
    uint8_t *longer = realloc(to->data, ((size_t)to->count + from->count) * from->size);
    if (!longer)
        return false;
    to->data = longer;
    to->size = from->size;
    uint8_t *record = longer + (size_t)to->count * to->size;
    memcpy(record, from->data, (size_t)from->count * from->size);
    for (uint32_t i = 0; i < from->count; i++, record += to->size) {
        uint32_t offset; /* the first member of both kinds of record */
        memcpy(&offset, record, sizeof(offset));
        offset += start;
        memcpy(record, &offset, sizeof(offset));
    }
    to->count += from->count;
    return true;
}

static bool append(struct linker *l, const struct rp_object_function *function) {
    struct rp_object_function *out = l->out;
    size_t count = (size_t)out->insn_count + function->insn_count;
    struct bpf_insn *longer = realloc(out->insns, (count ? count : 1) * sizeof(*longer));
    if (!longer)
        return false;
    out->insns = longer;
    memcpy(longer + out->insn_count, function->insns,
           function->insn_count * sizeof(*function->insns));
    bool ok = append_records(&out->funcs, &function->funcs, out->insn_count) &&
              append_records(&out->lines, &function->lines, out->insn_count);
    out->insn_count = (uint32_t)count;
    return ok;
}

static struct rp_error *cannot_link(const struct linker *l, const char *why) {
    return rp_error_new(EINVAL, why, "cannot load %s", l->out->name);
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
            cannot_link(l, "it passes a callback that is none"),
            "declare the function with BPF_CALLBACK(name, parameters…) before it is used");
    if (!l->starts[i]) {
        l->starts[i] = l->out->insn_count;
        if (!append(l, &l->object->functions[i]))
            return rp_error_nomem();
    }
    struct bpf_insn *insn = &l->out->insns[at]; /* appending may have moved them */
    insn->src_reg = BPF_PSEUDO_FUNC;
    insn[0].imm = (int)(l->starts[i] - at - 1);
    insn[1].imm = 0;
    return NULL;
}

static struct rp_error *link_map(const struct linker *l, uint32_t at, size_t map) {
    if (map >= l->object->map_count)
        return cannot_link(l, "it uses a map that is none of its own");
    struct bpf_insn *insn = &l->out->insns[at];
    insn->src_reg = BPF_PSEUDO_MAP_FD;
    insn[0].imm = l->map_fds[map];
    insn[1].imm = 0;
    return NULL;
}

static struct rp_error *link_named_map(const struct linker *l, uint32_t at, uint32_t hash) {
    for (size_t i = 0; i < l->object->map_count; i++)
        if (rp_link_hash(l->object->maps[i].name) == hash)
            return link_map(l, at, i);
    return rp_error_hint_set(cannot_link(l, "it names a map that is none"),
                             "give the name that the map was declared with, such as in "
                             "BPF_HASH(name, key)");
}

static struct rp_error *link_target(const struct linker *l, struct bpf_insn *insn, uint32_t which) {
    if (which >= RP_TARGET_COUNT)
        return cannot_link(l, "it asks for something of the target that is not known");
    insn[0].imm = (int)(uint32_t)l->target[which];
    insn[1].imm = (int)(uint32_t)(l->target[which] >> 32);
    return NULL;
}

static struct rp_error *link_constant(struct linker *l, uint32_t at) {
    struct bpf_insn *insn = &l->out->insns[at];
    uint32_t low = (uint32_t)insn[0].imm;
    if (insn->src_reg == BPF_PSEUDO_MAP_FD)
        return link_map(l, at, low);
    if (insn->src_reg)
        return NULL;
    switch ((uint32_t)insn[1].imm) {
    case RP_SLOT_TARGET:
        return link_target(l, insn, low);
    case RP_SLOT_CALLBACK:
        return link_callback(l, at, low);
    case RP_SLOT_MAP:
        return link_named_map(l, at, low);
    default:
        return NULL;
    }
}

struct rp_error *rp_link_function(const struct rp_object *object,
                                  const struct rp_object_function *function, const int *map_fds,
                                  const uint64_t *target, struct rp_object_function *out) {
    *out = (struct rp_object_function){.name = function->name};
    RP_AUTO_FREE uint32_t *starts = calloc(object->function_count, sizeof(*starts));
    struct linker l = {
        .object = object, .map_fds = map_fds, .target = target, .starts = starts, .out = out};
    if (!starts || !append(&l, function)) {
        rp_link_clear(out);
        return rp_error_nomem();
    }
    struct rp_error *err = NULL;
    /* It grows while it is walked: callbacks come behind it. */
    for (uint32_t i = 0; !err && i + 1 < out->insn_count; i++)
        if (rp_insn_is_wide(&out->insns[i]))
            err = link_constant(&l, i++);
    if (err)
        rp_link_clear(out);
    return err;
}

void rp_link_clear(struct rp_object_function *linked) {
    free(rp_take(linked->insns));
    free(rp_take(linked->funcs.data));
    free(rp_take(linked->lines.data));
}
