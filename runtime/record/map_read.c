/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_read.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "record/map_merge.h"
#include "record/stats.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

bool rp_map_is_data(const struct rp_module *module, const char *name) {
    const struct rp_object_map *map = rp_module_map(module, name);
    return map && rp_map_type_is_data(map->type);
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
    const struct btf *btf = rp_module_btf(module);
    uint32_t key = 0, value = 0;
    rp_map_type_ids(rp_module_map(module, t->name), btf, &key, &value);
    RP_TRY(typed(btf, key, t->info.key_size, &out->key));
    RP_TRY(typed(btf, value, t->info.value_size, &t->leaf));
    return typed(btf, value, t->info.value_size, &out->value);
}

static bool is_stats(const struct rp_map_table *t) {
    return t->stats.figures;
}

/* Plain numbers of all CPUs are added up, and so are statistics; other values are shown side by
 * side. */
static struct rp_error *join_cpus(const struct rp_map_table *t, struct types *types) {
    if (!t->cpus)
        return NULL;
    if (is_stats(t)) {
        rp_type_free(types->value);
        types->value = rp_stats_shown(t->stats.figures);
    } else if (rp_type_is_number(t->leaf)) {
        bool wide = t->leaf->size == sizeof(uint64_t) && !rp_means_histogram(t->schema->means);
        rp_type_free(types->value);
        types->value = wide ? rp_type_new(RP_WIDE, sizeof(__int128))
                            : rp_type_new(t->leaf->kind, sizeof(uint64_t));
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
        !add_part(row, is_stats(t) ? rp_stats_name(t->stats.figures) : "value",
                  rp_take(types->value), t->info.key_size)) {
        rp_type_free(row);
        return rp_error_nomem();
    }
    RP_TRY(rp_layout_new(row, "value", &t->layout));
    t->key = row->members.items[0].type;
    t->value = row->members.items[1].type;
    while (t->key_columns < t->layout->columns.count &&
           t->layout->columns.items[t->key_columns].bit_offset < (uint64_t)t->info.key_size * 8)
        t->key_columns++;
    return NULL;
}

/* ---- what the schema says of it */

/* What is at the offset is looked up, and not taken on trust: of a map that somebody else made, the
 * types may not be the module's. */
static bool find_member(struct rp_map_table *t, const struct rp_member_schema *member) {
    bool ok = true;
    uint64_t base = member->of_value ? t->info.key_size : 0;
    size_t first = member->of_value ? t->key_columns : 0,
           end = member->of_value ? t->layout->columns.count : t->key_columns;
    for (size_t i = first; i < end; i++)
        if (t->layout->columns.items[i].bit_offset == (base + member->offset) * 8 &&
            !t->layout->columns.items[i].bit_size) {
            t->members[i] = member;
            rp_column_take_meaning(&t->layout->columns.items[i], member->means);
            ok &=
                rp_type_set_look((struct rp_type *)t->layout->columns.items[i].type, member->unit);
            ok &= !member->header || rp_layout_set_header(t->layout, i, member->header);
        }
    return ok;
}

/* By what the schema says of the key's column, or by its type. */
static bool tells(const struct rp_map_table *t, size_t i, enum rp_member_meaning means) {
    const struct rp_column *column = &t->layout->columns.items[i];
    for (size_t m = 0; m < t->schema->member_count; m++) {
        const struct rp_member_schema *member = &t->schema->members[m];
        if (!member->of_value && column->bit_offset == (uint64_t)member->offset * 8)
            return member->means == means;
    }
    return column->type && column->type->tells == means;
}

/* Members of the key that tell about others get no column. Sizes first: what has marks are the
 * columns that are shown. */
static void hide(struct rp_map_table *t, enum rp_member_meaning means) {
    for (size_t i = t->key_columns; i-- > 0;) {
        if (!tells(t, i, means))
            continue;
        if (means == RP_MEMBER_SIZE)
            rp_layout_hide_size(t->layout, i);
        else if (means == RP_MEMBER_INTERVAL)
            rp_layout_hide(t->layout, i);
        else
            rp_layout_hide_marks(t->layout, i, t->key_columns);
        t->key_columns--;
    }
}

static struct rp_error *find_members(struct rp_map_table *t) {
    hide(t, RP_MEMBER_INTERVAL);
    hide(t, RP_MEMBER_SIZE);
    hide(t, RP_MEMBER_UNREAD);
    t->members = calloc(t->layout->columns.count + 1, sizeof(const struct rp_member_schema *));
    if (!t->members)
        return rp_error_nomem();
    bool ok = true;
    for (size_t i = 0; i < t->schema->member_count; i++)
        if (!t->cpus || !t->schema->members[i].of_value)
            ok &= find_member(t, &t->schema->members[i]);
    for (size_t i = t->key_columns; is_stats(t) && i < t->layout->columns.count; i++)
        if (strcmp(t->layout->columns.items[i].path, rp_stats_name(RP_FIGURE_COUNT)) != 0)
            ok &= rp_type_set_look((struct rp_type *)t->layout->columns.items[i].type,
                                   t->schema->unit);
    return ok ? NULL : rp_error_nomem();
}

ssize_t rp_map_column(const struct rp_map_table *t, bool of_value, enum rp_member_meaning means) {
    for (size_t i = 0; i < t->layout->columns.count; i++)
        if (t->members[i] && t->members[i]->of_value == of_value && t->members[i]->means == means)
            return (ssize_t)i;
    return -1;
}

/* Of those that its members tell, as many as the schema wants; of a map that somebody else made,
 * which has another size, none. */
static void find_stats(const struct rp_module *module, struct rp_map_table *t) {
    struct rp_part_type value =
        rp_map_value_type(rp_module_map(module, t->name), rp_module_btf(module));
    if (value.size != t->info.value_size || !rp_part_is_stats(&value, &t->stats))
        t->stats = (struct rp_stats_type){0};
    unsigned wanted = t->stats.figures & t->schema->figures;
    t->stats.figures = wanted ? wanted : t->stats.figures;
}

struct rp_error *rp_map_table_open(const struct rp_module *module, const char *name,
                                   struct rp_map_table *t) {
    t->module = module;
    t->name = name;
    t->fd = rp_module_map_fd(module, name);
    if (t->fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(t->fd, name, &t->info));
    t->schema = rp_module_map_schema(module, name);
    t->cpus = rp_map_type_is_per_cpu(t->info.type) ? rp_map_count_values(&t->info) : 0;
    if (t->cpus < 0)
        return rp_map_cannot_count(t->cpus);
    RP_AUTO(types_clear) struct types types = {0};
    RP_TRY(find_types(module, t, &types));
    if (t->cpus && t->schema->means == RP_MEANS_STATS)
        find_stats(module, t);
    RP_TRY(join_cpus(t, &types));
    RP_TRY(make_layout(t, &types));
    return find_members(t);
}

void rp_map_table_clear(struct rp_map_table *t) {
    rp_type_free(t->leaf);
    rp_layout_free(t->layout);
    free(t->members);
    free(t->rows);
}

/* ---- reading */

static __int128 sum_of(const struct rp_map_table *t, const uint8_t *raw, size_t count,
                       size_t stride) {
    __int128 sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct rp_view one = {t->leaf, raw, (i + 1) * stride, i * stride * 8, 0};
        sum += rp_map_sum(&one);
    }
    return sum;
}

/* Makes one shown value from what the kernel returned: a value, or several at 8-byte strides, of
 * CPUs and of entries that are one. */
static void store_value(const struct rp_map_table *t, const uint8_t *raw, size_t count,
                        uint8_t *out) {
    size_t size = t->info.value_size, stride = (size + 7) / 8 * 8;
    if (is_stats(t)) {
        rp_stats_store(&t->stats, raw, count, stride, out);
    } else if (rp_type_is_number(t->leaf) && (t->cpus || count > 1)) {
        __int128 sum = sum_of(t, raw, count, stride);
        uint64_t low = (uint64_t)sum;
        if (t->value->kind == RP_WIDE)
            memcpy(out, &sum, sizeof(sum));
        else
            memcpy(out, &low, t->cpus ? sizeof(low) : size);
    } else {
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * size, raw + i * stride, size);
    }
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/* An array always has all its entries: keeps only those that were used, but the only entry of an
 * array of one. */
static bool is_used(const struct rp_map_table *t, const uint8_t *row) {
    return !rp_map_type_is_array(t->info.type) || t->info.max_entries == 1 ||
           !is_zero(row + t->info.key_size, t->row_size - t->info.key_size);
}

static struct rp_error *add_values(struct rp_map_table *t, const void *key, const void *raw,
                                   size_t count) {
    if (t->interval && !rp_map_is_of_interval(t->schema, key, *t->interval))
        return NULL;
    if (t->row_count == t->row_capacity) {
        uint8_t *rows = rp_vec_grown(t->rows, &t->row_capacity, t->row_count, 1, t->row_size);
        if (!rows)
            return rp_error_nomem();
        t->rows = rows;
    }
    uint8_t *row = t->rows + t->row_count * t->row_size;
    memcpy(row, key, t->info.key_size);
    store_value(t, raw, count, row + t->info.key_size);
    t->row_count += is_used(t, row);
    return NULL;
}

static struct rp_error *add_row(void *ctx, const void *key, const void *raw) {
    struct rp_map_table *t = ctx;
    return add_values(t, key, raw, t->cpus ? (size_t)t->cpus : 1);
}

/* ---- order */

static int compare_views(const struct rp_view *a, const struct rp_view *b) {
    if (a->type->kind < RP_TEXT && a->type->kind != RP_FLOAT) {
        __int128 left = rp_map_sum(a), right = rp_map_sum(b);
        return (left > right) - (left < right);
    }
    return memcmp(a->data + a->bit_offset / 8, b->data + b->bit_offset / 8, a->type->size);
}

int rp_map_compare_columns(const struct rp_map_table *t, const uint8_t *a, const uint8_t *b,
                           ssize_t but) {
    int order = 0;
    for (size_t i = 0; !order && i < t->key_columns; i++) {
        struct rp_view left = rp_map_cell(t, i, a), right = rp_map_cell(t, i, b);
        order = (ssize_t)i == but ? 0 : compare_views(&left, &right);
    }
    return order;
}

int rp_map_compare_keys(const void *a, const void *b, void *table) {
    const struct rp_map_table *t = table;
    int order = rp_map_compare_columns(t, a, b, -1);
    return order ? order : memcmp(a, b, t->info.key_size);
}

static int compare_numbers(const void *a, const void *b, void *table) {
    struct rp_view left = rp_map_value(table, a), right = rp_map_value(table, b);
    int order = compare_views(&left, &right);
    return order ? order : rp_map_compare_keys(a, b, table);
}

static int compare_stats(const void *a, const void *b, void *table) {
    const struct rp_map_table *t = table;
    size_t at = t->info.key_size + rp_stats_order(t->stats.figures);
    __int128 left, right;
    memcpy(&left, (const uint8_t *)a + at, sizeof(left));
    memcpy(&right, (const uint8_t *)b + at, sizeof(right));
    int order = (left > right) - (left < right);
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
    if (is_stats(t))
        qsort_r(t->rows, t->row_count, t->row_size, compare_stats, t);
    else if (rp_map_has_number(t))
        qsort_r(t->rows, t->row_count, t->row_size, compare_numbers, t);
}

struct rp_error *rp_map_table_read(struct rp_map_table *t) {
    t->row_count = 0;
    RP_TRY(rp_map_table_merges(t) ? rp_map_merged(t, add_values)
                                  : rp_map_entries(t->fd, t->name, &t->info, add_row, t));
    sort_rows(t);
    return NULL;
}
