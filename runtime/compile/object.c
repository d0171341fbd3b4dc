/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled source: its functions, and its maps with their types. */
#include "compile/object.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static void clear_function(struct rp_object_function *function) {
    free(function->name);
    free(function->insns);
    free(function->funcs.data);
    free(function->lines.data);
    free(function->section);
    free(function->absent);
}

static void clear_map(struct rp_object_map *map) {
    free(map->name);
    for (size_t i = 0; i < map->field_count; i++)
        free(map->fields[i]);
    free(map->fields);
    free(map->data);
    rp_vec_clear(&map->records);
    rp_vec_clear(&map->tails);
    if (map->fd >= 0)
        close(map->fd);
}

static void clear_origin(struct rp_object_origin *origin) {
    free(origin->source);
    free(origin->reprobe);
    free(origin->kernel);
    free(origin->kernel_build);
    free(origin->types);
    free(origin->mentioned);
    free(origin->defined);
    free(origin->declared);
    free(origin->tracepoints);
    free(origin->builds);
}

void rp_object_free(struct rp_object *object) {
    if (!object)
        return;
    for (size_t i = 0; i < object->function_count; i++)
        clear_function(&object->functions[i]);
    for (size_t i = 0; i < object->map_count; i++)
        clear_map(&object->maps[i]);
    free(object->functions);
    free(object->maps);
    free(object->license);
    free(object->btf);
    free(object->note);
    free(object->elf);
    clear_origin(&object->origin);
    free(object);
}

bool rp_object_add_note(struct rp_object *object, char *line) {
    RP_AUTO_FREE char *taken = line, *before = rp_take(object->note);
    object->note = before && line ? rp_text("%s\n%s", before, line) : rp_take(taken);
    return object->note;
}

const struct rp_object_function *rp_object_function(const struct rp_object *object,
                                                    const char *name) {
    for (size_t i = 0; i < object->function_count; i++)
        if (strcmp(object->functions[i].name, name) == 0)
            return &object->functions[i];
    return NULL;
}

static bool add_map(struct rp_object *object, const struct rp_object_map *map) {
    struct rp_object_map *added = &object->maps[object->map_count++];
    *added = *map;
    added->name = strdup(map->name);
    added->fd = -1;
    return added->name;
}

struct rp_error *rp_object_add_loss_map(struct rp_object *object) {
    const struct rp_object_map map = {.name = (char *)RP_LOSS_MAP,
                                      .type = BPF_MAP_TYPE_ARRAY,
                                      .key_size = sizeof(uint32_t),
                                      .value_size = RP_LOST_KINDS * sizeof(uint64_t),
                                      .max_entries = 1};
    object->counts_lost = true;
    return add_map(object, &map) ? NULL : rp_error_nomem();
}

/* Sizes of keys and values are those of the structs in prelude/unwind.h. */
static const struct rp_object_map unwind_maps[] = {
    [RP_UNWIND_RULES] = {.name = (char *)"rp_rules",
                         .type = BPF_MAP_TYPE_HASH,
                         .key_size = 24,
                         .value_size = 16,
                         .max_entries = 65536},
    [RP_UNWIND_KNOWN] = {.name = (char *)"rp_known",
                         .type = BPF_MAP_TYPE_HASH,
                         .key_size = sizeof(uint32_t),
                         .value_size = sizeof(uint64_t),
                         .max_entries = 65536},
    [RP_UNWIND_WALKS] = {.name = (char *)"rp_walks",
                         .type = BPF_MAP_TYPE_RINGBUF,
                         .max_entries = 16 << 20},
    [RP_UNWIND_COUNTS] = {.name = (char *)"rp_unwound",
                          .type = BPF_MAP_TYPE_ARRAY,
                          .key_size = sizeof(uint32_t),
                          .value_size = sizeof(uint64_t),
                          .max_entries = 3},
};

const char *rp_unwind_map_name(size_t i) {
    return unwind_maps[i].name;
}

struct rp_error *rp_object_add_unwind_maps(struct rp_object *object) {
    object->unwinds = true;
    for (size_t i = 0; i < RP_UNWIND_MAPS; i++)
        if (!add_map(object, &unwind_maps[i]))
            return rp_error_nomem();
    return NULL;
}

size_t rp_object_added_maps(const struct rp_object *object) {
    return (size_t)object->counts_lost + (object->unwinds ? RP_UNWIND_MAPS : 0);
}

bool rp_object_records_set(struct rp_object_records *to, const void *data, uint32_t count,
                           uint32_t size) {
    free(to->data);
    *to = (struct rp_object_records){0};
    if (!count || !data)
        return true;
    to->data = malloc((size_t)count * size);
    if (!to->data)
        return false;
    memcpy(to->data, data, (size_t)count * size);
    to->count = count;
    to->size = size;
    return true;
}

ssize_t rp_object_map(const struct rp_object *object, const char *name) {
    for (size_t i = 0; i < object->map_count; i++)
        if (strcmp(object->maps[i].name, name) == 0)
            return (ssize_t)i;
    return -1;
}

bool rp_object_calls(const struct rp_object *object, int src_reg, int imm) {
    for (size_t f = 0; f < object->function_count; f++)
        for (uint32_t i = 0; i < object->functions[f].insn_count; i++) {
            const struct bpf_insn *insn = &object->functions[f].insns[i];
            if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == src_reg && insn->imm == imm)
                return true;
        }
    return false;
}

/* ------------------------------------------------------------- maps, and their types in the BTF */

#define MAX_DEPTH 64 /* of typedefs of typedefs */

bool rp_map_type_is_array(uint32_t type) {
    return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool rp_map_type_is_per_cpu(uint32_t type) {
    return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
           type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

bool rp_map_type_is_data(uint32_t type) {
    return rp_map_type_is_array(type) || rp_map_type_is_per_cpu(type) ||
           type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
           type == BPF_MAP_TYPE_LPM_TRIE;
}

bool rp_map_type_is_output(uint32_t type) {
    return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

bool rp_map_keeps_stacks(const struct rp_object_map *map) {
    return map->type == BPF_MAP_TYPE_STACK_TRACE && map->key_size == sizeof(uint32_t) &&
           map->value_size <= RP_STACK_DEPTH * sizeof(uint64_t) &&
           !(map->flags & BPF_F_STACK_BUILD_ID);
}

static const char *name_at(const struct btf *btf, uint32_t offset) {
    const char *name = btf__name_by_offset(btf, offset);
    return name ? name : "";
}

/* libbcc declares a struct ____btf_map_NAME with the members key and value for each map. */
static void find_declared(const struct btf *btf, const char *map, uint32_t *key, uint32_t *value) {
    RP_AUTO_FREE char *name = rp_text("____btf_map_%s", map);
    int id = name ? btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) : -1;
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    if (t && btf_vlen(t) == 2) {
        *key = btf_members(t)[0].type;
        *value = btf_members(t)[1].type;
    }
}

void rp_map_type_ids(const struct rp_object_map *map, const struct btf *btf, uint32_t *key,
                     uint32_t *value) {
    *key = btf ? map->btf_key : 0;
    *value = btf ? map->btf_value : 0;
    if (btf && !*value)
        find_declared(btf, map->name, key, value);
}

/* Its size is the map's: a type of another size does not belong to the map. */
static struct rp_part_type whole(const struct btf *btf, uint32_t id, uint32_t size) {
    const struct rp_part_type unknown = {.size = size};
    if (!btf || !id || btf__resolve_size(btf, id) != (int64_t)size)
        return unknown;
    const struct btf_type *t = btf__type_by_id(btf, id);
    for (unsigned i = 0; t && i < MAX_DEPTH && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
        id = t->type;
        t = btf__type_by_id(btf, id);
    }
    return t ? (struct rp_part_type){.btf = btf, .id = id, .size = size} : unknown;
}

struct rp_part_type rp_map_key_type(const struct rp_object_map *map, const struct btf *btf) {
    uint32_t key, value;
    rp_map_type_ids(map, btf, &key, &value);
    return whole(btf, key, map->key_size);
}

struct rp_part_type rp_map_value_type(const struct rp_object_map *map, const struct btf *btf) {
    uint32_t key, value;
    rp_map_type_ids(map, btf, &key, &value);
    return whole(btf, value, map->value_size);
}

static const struct btf_type *type_of(const struct rp_part_type *type) {
    return type->id ? btf__type_by_id(type->btf, type->id) : NULL;
}

static bool is_char(const struct rp_part_type *type) {
    const struct btf_type *t = type_of(type);
    return t && btf_is_int(t) && strcmp(name_at(type->btf, t->name_off), "char") == 0;
}

bool rp_part_is_number(const struct rp_part_type *type) {
    const struct btf_type *t = type_of(type);
    uint32_t size = type->size;
    if (!t)
        return size == 1 || size == 2 || size == 4 || size == 8;
    return btf_is_int(t) && size <= 8 && !(btf_int_encoding(t) & BTF_INT_BOOL) && !is_char(type);
}

bool rp_part_is_unsigned(const struct rp_part_type *type) {
    const struct btf_type *t = type_of(type);
    return rp_part_is_number(type) && (!t || !(btf_int_encoding(t) & BTF_INT_SIGNED));
}

bool rp_variable_is_shrunk(const struct btf *btf, const struct btf_var_secinfo *variable) {
    int64_t size = btf__resolve_size(btf, variable->type);
    return variable->size == 1 && size > 1;
}

static const char *const stats_parts[RP_STATS_PARTS] = {"count", "low",  "middle",
                                                        "high",  "most", "least"};

static bool stats_part(const struct rp_part_type *type, enum rp_stats_part part, int *offset) {
    struct rp_part_type member;
    *offset = -1;
    if (!rp_part_find(type, stats_parts[part], &member))
        return true;
    *offset = (int)member.offset;
    return rp_part_is_number(&member) && member.size == sizeof(uint64_t);
}

bool rp_part_is_stats(const struct rp_part_type *type, struct rp_stats_type *stats) {
    const struct btf_type *t = type_of(type);
    const char *name = t && btf_is_struct(t) ? btf__name_by_offset(type->btf, t->name_off) : "";
    struct rp_stats_type found = {.is_unsigned = !strcmp(name, "rp_stats_u64")};
    if (!found.is_unsigned && strcmp(name, "rp_stats_s64") != 0)
        return false;
    for (int part = 0; part < RP_STATS_PARTS; part++)
        if (!stats_part(type, (enum rp_stats_part)part, &found.offset[part]))
            return false;
    const int *at = found.offset;
    if (at[RP_STATS_COUNT] >= 0)
        found.figures = RP_FIGURE_COUNT;
    if (at[RP_STATS_LOW] >= 0 && at[RP_STATS_MIDDLE] >= 0 && at[RP_STATS_HIGH] >= 0)
        found.figures |= RP_FIGURE_SUM | RP_FIGURE_AVG;
    found.figures |= at[RP_STATS_LEAST] >= 0 ? RP_FIGURE_MIN : 0;
    found.figures |= at[RP_STATS_MOST] >= 0 ? RP_FIGURE_MAX : 0;
    if (stats)
        *stats = found;
    return found.figures & RP_FIGURE_COUNT;
}

bool rp_part_is_array(const struct rp_part_type *type, struct rp_part_type *element,
                      uint32_t *count) {
    const struct btf_type *t = type_of(type);
    if (!t || !btf_is_array(t))
        return false;
    uint32_t id = btf_array(t)->type;
    int64_t size = btf__resolve_size(type->btf, id);
    *count = btf_array(t)->nelems;
    *element = whole(type->btf, id, size > 0 ? (uint32_t)size : 0);
    return element->id;
}

bool rp_part_is_text(const struct rp_part_type *type) {
    struct rp_part_type element;
    uint32_t count;
    return rp_part_is_array(type, &element, &count) && is_char(&element);
}

unsigned rp_part_member_count(const struct rp_part_type *type) {
    const struct btf_type *t = type_of(type);
    return t && btf_is_struct(t) ? btf_vlen(t) : 0;
}

bool rp_part_member(const struct rp_part_type *type, unsigned i, struct rp_part_type *member,
                    const char **name) {
    if (i >= rp_part_member_count(type))
        return false;
    const struct btf_type *t = type_of(type);
    uint32_t bits = btf_member_bit_offset(t, i), id = btf_members(t)[i].type;
    int64_t size = btf__resolve_size(type->btf, id);
    if (btf_member_bitfield_size(t, i) || bits % 8 || size < 0 || bits / 8 + size > type->size)
        return false;
    *member = whole(type->btf, id, (uint32_t)size);
    member->offset = type->offset + bits / 8;
    *name = name_at(type->btf, btf_members(t)[i].name_off);
    return true;
}

bool rp_part_find(const struct rp_part_type *type, const char *path, struct rp_part_type *member) {
    size_t length = strcspn(path, ".");
    if (!*path)
        return *member = *type, true;
    for (unsigned i = 0; i < rp_part_member_count(type); i++) {
        struct rp_part_type one;
        const char *name;
        if (!rp_part_member(type, i, &one, &name) || strlen(name) != length ||
            strncmp(name, path, length) != 0)
            continue;
        if (path[length])
            return rp_part_find(&one, path + length + 1, member);
        return *member = one, true;
    }
    return false;
}

bool rp_part_at(const struct rp_part_type *type, uint32_t offset, struct rp_part_type *member) {
    const struct btf_type *t = type_of(type);
    if (!t || !btf_is_struct(t))
        return *member = *type, offset == type->offset;
    for (unsigned i = 0; i < rp_part_member_count(type); i++) {
        struct rp_part_type one;
        const char *name;
        if (rp_part_member(type, i, &one, &name) && offset >= one.offset &&
            offset < one.offset + one.size)
            return rp_part_at(&one, offset, member);
    }
    return false;
}

char *rp_part_text(const struct rp_part_type *type) {
    const struct btf_type *t = type_of(type);
    struct rp_part_type element;
    uint32_t count;
    if (rp_part_is_array(type, &element, &count)) {
        RP_AUTO_FREE char *of = rp_part_text(&element);
        return of ? rp_text("%s[%u]", of, count) : NULL;
    }
    const char *name = t ? name_at(type->btf, t->name_off) : "";
    if (!*name)
        return rp_text("%u byte%s", type->size, type->size == 1 ? "" : "s");
    return rp_text("%s%s", btf_is_struct(t) ? "struct " : "", name);
}
