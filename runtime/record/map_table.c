/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_table.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

static void rp_cleanup_btf(struct btf **btf) {
    btf__free(*btf);
}

bool rp_map_info_is_array(const struct bpf_map_info *info) {
    return info->type == BPF_MAP_TYPE_ARRAY || info->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool rp_map_info_is_data(const struct bpf_map_info *info) {
    return rp_map_info_is_array(info) || rp_map_is_per_cpu(info) ||
           info->type == BPF_MAP_TYPE_HASH || info->type == BPF_MAP_TYPE_LRU_HASH ||
           info->type == BPF_MAP_TYPE_LPM_TRIE;
}

/* ---- types */

/* An unknown type: a number if it has the size of one. */
static struct rp_type *type_of_size(uint32_t size) {
    bool number = size == 1 || size == 2 || size == 4 || size == 8;
    return rp_type_new(number ? RP_UINT : RP_BYTES, size);
}

/* The type `id`, if it is one and has the map's own size. */
static struct rp_error *typed(const struct btf *btf, uint32_t id, uint32_t size,
                              struct rp_type **out) {
    RP_AUTO_TYPE struct rp_type *type = NULL;
    if (btf && id)
        RP_TRY(rp_type_from_btf(btf, id, &type));
    *out = type && type->size == size ? rp_take(type) : type_of_size(size);
    return *out ? NULL : rp_error_nomem();
}

/* libbcc declares a struct ____btf_map_NAME with the members key and value for each map. */
static void find_declared(const struct btf *btf, const char *map, uint32_t *key, uint32_t *value) {
    RP_AUTO_FREE char *name = NULL;
    if (!btf || asprintf(&name, "____btf_map_%s", map) < 0)
        return;
    int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    if (t && btf_vlen(t) == 2) {
        *key = btf_members(t)[0].type;
        *value = btf_members(t)[1].type;
    }
}

/* One value of each kind for its owner: the key and the shown value for the layout, and the leaf.
 */
struct types {
    struct rp_type *key, *value;
};

static void types_clear(struct types *types) {
    rp_type_free(types->key);
    rp_type_free(types->value);
}

static struct rp_error *find_types(const struct rp_module *module, struct rp_map_table *t,
                                   struct types *out) {
    uint32_t key = t->info.btf_key_type_id, value = t->info.btf_value_type_id;
    RP_AUTO(rp_cleanup_btf)
    struct btf *loaded = t->info.btf_id ? btf__load_from_kernel_by_id(t->info.btf_id) : NULL;
    const struct btf *btf = loaded;
    if (!btf || !value) {
        btf = rp_module_btf(module);
        key = value = 0;
        find_declared(btf, t->name, &key, &value);
    }
    RP_TRY(typed(btf, key, t->info.key_size, &out->key));
    RP_TRY(typed(btf, value, t->info.value_size, &t->leaf));
    return typed(btf, value, t->info.value_size, &out->value);
}

/* Plain numbers of all CPUs are added up; other values are shown side by side. */
static struct rp_error *join_cpus(const struct rp_map_table *t, struct types *types) {
    if (!t->cpus)
        return NULL;
    if (rp_type_is_number(t->leaf)) {
        rp_type_free(types->value);
        types->value = rp_type_new(t->leaf->kind, sizeof(uint64_t));
    } else {
        types->value = rp_type_array(rp_take(types->value), (uint32_t)t->cpus);
    }
    return types->value ? NULL : rp_error_nomem();
}

/* Each member of a struct is a column; anything else is one column, `name`. */
static bool add_part(struct rp_type *row, const char *name, struct rp_type *part, size_t offset) {
    bool is_struct = part && part->kind == RP_STRUCT;
    return rp_type_add_member(row, is_struct ? "" : name, part, offset * 8, 0);
}

static struct rp_error *make_layout(struct rp_map_table *t, struct types *types) {
    t->row_size = t->info.key_size + types->value->size;
    struct rp_type *row = rp_type_new(RP_STRUCT, t->row_size);
    if (!row || !add_part(row, "key", rp_take(types->key), 0) ||
        !add_part(row, "value", rp_take(types->value), t->info.key_size)) {
        rp_type_free(row);
        return rp_error_nomem();
    }
    RP_TRY(rp_layout_new(row, "value", &t->layout));
    t->key = row->members[0].type;
    t->value = row->members[1].type;
    while (t->key_columns < t->layout->column_count &&
           t->layout->columns[t->key_columns].bit_offset < (uint64_t)t->info.key_size * 8)
        t->key_columns++;
    return NULL;
}

struct rp_error *rp_map_table_open(const struct rp_module *module, const char *name,
                                   struct rp_map_table *t) {
    t->name = name;
    t->fd = rp_module_map_fd(module, name);
    if (t->fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(t->fd, name, &t->info));
    t->cpus = rp_map_is_per_cpu(&t->info) ? libbpf_num_possible_cpus() : 0;
    if (t->cpus < 0)
        return rp_error_new(-t->cpus, NULL, "cannot find out how many CPUs are possible");
    RP_AUTO(types_clear) struct types types = {0};
    RP_TRY(find_types(module, t, &types));
    RP_TRY(join_cpus(t, &types));
    return make_layout(t, &types);
}

void rp_map_table_clear(struct rp_map_table *t) {
    rp_type_free(t->leaf);
    rp_layout_free(t->layout);
    free(t->rows);
}

/* ---- reading */

/* Makes one shown value from what the kernel returned: a value, or one for each CPU at 8-byte
 * strides. */
static void store_value(const struct rp_map_table *t, const uint8_t *raw, uint8_t *out) {
    size_t size = t->info.value_size, stride = (size + 7) / 8 * 8;
    if (!t->cpus) {
        memcpy(out, raw, size);
        return;
    }
    bool added = rp_type_is_number(t->leaf);
    uint64_t sum = 0;
    for (size_t cpu = 0; cpu < (size_t)t->cpus; cpu++) {
        struct rp_view one = {t->leaf, raw, (cpu + 1) * stride, cpu * stride * 8, 0};
        if (!added)
            memcpy(out + cpu * size, raw + cpu * stride, size);
        else
            sum += t->leaf->kind == RP_INT ? (uint64_t)rp_view_int(&one) : rp_view_uint(&one);
    }
    if (added)
        memcpy(out, &sum, sizeof(sum));
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/* An array always has all its entries: keeps only those that were used, but the only entry of an
 * array of one. */
static bool is_used(const struct rp_map_table *t, const uint8_t *row) {
    return !rp_map_info_is_array(&t->info) || t->info.max_entries == 1 ||
           !is_zero(row + t->info.key_size, t->row_size - t->info.key_size);
}

static struct rp_error *add_row(void *ctx, const void *key, const void *raw) {
    struct rp_map_table *t = ctx;
    if (t->row_count == t->row_capacity) {
        size_t capacity = t->row_capacity ? t->row_capacity * 2 : 64;
        uint8_t *rows = reallocarray(t->rows, capacity, t->row_size);
        if (!rows)
            return rp_error_nomem();
        t->rows = rows;
        t->row_capacity = capacity;
    }
    uint8_t *row = t->rows + t->row_count * t->row_size;
    memcpy(row, key, t->info.key_size);
    store_value(t, raw, row + t->info.key_size);
    t->row_count += is_used(t, row);
    return NULL;
}

/* ---- order */

static int compare_views(const struct rp_view *a, const struct rp_view *b) {
    if (a->type->kind == RP_INT) {
        int64_t left = rp_view_int(a), right = rp_view_int(b);
        return (left > right) - (left < right);
    }
    if (a->type->kind < RP_TEXT && a->type->kind != RP_FLOAT) {
        uint64_t left = rp_view_uint(a), right = rp_view_uint(b);
        return (left > right) - (left < right);
    }
    return memcmp(a->data, b->data, a->size);
}

int rp_map_compare_keys(const void *a, const void *b, void *table) {
    struct rp_view left = rp_map_key(table, a), right = rp_map_key(table, b);
    return compare_views(&left, &right);
}

static int compare_numbers(const void *a, const void *b, void *table) {
    struct rp_view left = rp_map_value(table, a), right = rp_map_value(table, b);
    int order = compare_views(&left, &right);
    return order ? order : rp_map_compare_keys(a, b, table);
}

/* Sorts, and drops a key that was read twice. */
static void sort_rows(struct rp_map_table *t) {
    if (!t->row_count)
        return;
    qsort_r(t->rows, t->row_count, t->row_size, rp_map_compare_keys, t);
    size_t kept = 1;
    for (size_t i = 1; i < t->row_count; i++) {
        const uint8_t *row = t->rows + i * t->row_size;
        uint8_t *last = t->rows + (kept - 1) * t->row_size;
        if (!memcmp(row, last, t->info.key_size))
            continue;
        memmove(last + t->row_size, row, t->row_size);
        kept++;
    }
    t->row_count = kept;
    if (rp_type_is_number(t->value))
        qsort_r(t->rows, t->row_count, t->row_size, compare_numbers, t);
}

struct rp_error *rp_map_table_read(struct rp_map_table *t) {
    t->row_count = 0;
    RP_TRY(rp_map_entries(t->fd, t->name, &t->info, add_row, t));
    sort_rows(t);
    return NULL;
}
