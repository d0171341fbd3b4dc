/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as tables, histograms and JSON. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_each.h"
#include "record/view.h"
#include "record/writer.h"
#include "util/error.h"

/* A map's entries: rows of a key and its value, as one struct has them. */
struct table {
    const char *name;
    int fd;
    struct bpf_map_info info;
    int cpus;                   /* values of a per-CPU map's entry, else 0 */
    struct rp_type *key, *leaf; /* one value's; of one CPU */
    struct rp_type *value;      /* what is shown: the leaf, or the CPUs' */
    uint8_t *rows;
    size_t row_size, row_count, row_room;
};

static void table_clear(struct table *t) {
    rp_type_free(t->key);
    rp_type_free(t->leaf);
    rp_type_free(t->value);
    free(t->rows);
}

static void rp_cleanup_btf(struct btf **btf) {
    btf__free(*btf);
}

static bool is_number(const struct rp_type *type) {
    return type->kind == RP_UINT || type->kind == RP_INT;
}

static bool is_array(const struct table *t) {
    return t->info.type == BPF_MAP_TYPE_ARRAY || t->info.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* Whether the map holds data, rather than events, programs or other objects. */
static bool is_shown(const struct table *t) {
    return is_array(t) || rp_map_is_per_cpu(&t->info) || t->info.type == BPF_MAP_TYPE_HASH ||
           t->info.type == BPF_MAP_TYPE_LRU_HASH || t->info.type == BPF_MAP_TYPE_LPM_TRIE;
}

/* ---- types */

/* A type nobody told: a number if it has the size of one. */
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

static struct rp_error *find_types(struct table *t, const struct rp_module *module) {
    uint32_t key = t->info.btf_key_type_id, value = t->info.btf_value_type_id;
    RP_AUTO(rp_cleanup_btf)
    struct btf *loaded = t->info.btf_id ? btf__load_from_kernel_by_id(t->info.btf_id) : NULL;
    const struct btf *btf = loaded;
    if (!btf || !value) {
        btf = rp_module_btf(module);
        key = value = 0;
        find_declared(btf, t->name, &key, &value);
    }
    RP_TRY(typed(btf, key, t->info.key_size, &t->key));
    return typed(btf, value, t->info.value_size, &t->leaf);
}

/* Plain numbers of all CPUs are added up; other values stand side by side. */
static struct rp_error *find_shown_value(struct table *t) {
    if (!t->cpus)
        t->value = rp_take(t->leaf);
    else if (is_number(t->leaf))
        t->value = rp_type_new(t->leaf->kind, sizeof(uint64_t));
    else
        t->value = rp_type_array(rp_take(t->leaf), (uint32_t)t->cpus);
    return t->value ? NULL : rp_error_nomem();
}

/* ---- reading */

static struct rp_view key_of(const struct table *t, const uint8_t *row) {
    return (struct rp_view){t->key, row, t->info.key_size, 0, 0};
}

static struct rp_view value_of(const struct table *t, const uint8_t *row) {
    return (struct rp_view){t->value, row + t->info.key_size, t->row_size - t->info.key_size, 0, 0};
}

/* Makes one shown value of what the kernel gave: a value, or one for each CPU at 8-byte strides. */
static void store_value(const struct table *t, const uint8_t *raw, uint8_t *out) {
    size_t size = t->info.value_size, stride = (size + 7) / 8 * 8;
    if (!t->cpus) {
        memcpy(out, raw, size);
        return;
    }
    uint64_t sum = 0;
    for (size_t cpu = 0; cpu < (size_t)t->cpus; cpu++) {
        struct rp_view one = {t->leaf, raw, (cpu + 1) * stride, cpu * stride * 8, 0};
        if (!t->leaf)
            memcpy(out + cpu * size, raw + cpu * stride, size);
        else
            sum += t->leaf->kind == RP_INT ? (uint64_t)rp_view_int(&one) : rp_view_uint(&one);
    }
    if (t->leaf)
        memcpy(out, &sum, sizeof(sum));
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/* Of an array, which has all its entries always, only those that were used; of one with a single
 * entry that one. */
static bool is_used(const struct table *t, const uint8_t *row) {
    return !is_array(t) || t->info.max_entries == 1 ||
           !is_zero(row + t->info.key_size, t->row_size - t->info.key_size);
}

static struct rp_error *add_row(void *ctx, const void *key, const void *raw) {
    struct table *t = ctx;
    if (t->row_count == t->row_room) {
        size_t room = t->row_room ? t->row_room * 2 : 64;
        uint8_t *rows = reallocarray(t->rows, room, t->row_size);
        if (!rows)
            return rp_error_nomem();
        t->rows = rows;
        t->row_room = room;
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

static int compare_keys(const void *a, const void *b, void *table) {
    struct rp_view left = key_of(table, a), right = key_of(table, b);
    return compare_views(&left, &right);
}

static int compare_numbers(const void *a, const void *b, void *table) {
    struct rp_view left = value_of(table, a), right = value_of(table, b);
    int order = compare_views(&left, &right);
    return order ? order : compare_keys(a, b, table);
}

/* Sorts, and drops a key that was read twice. */
static void sort_rows(struct table *t) {
    if (!t->row_count)
        return;
    qsort_r(t->rows, t->row_count, t->row_size, compare_keys, t);
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
    if (is_number(t->value))
        qsort_r(t->rows, t->row_count, t->row_size, compare_numbers, t);
}

/* ---- writing */

/* BCC's BPF_HISTOGRAM: 64 counters, `int` to u64. The first one stays empty, as bpf_log2l() begins
 * at 1; when it does not, the map is no log2 histogram. */
static bool is_histogram(const struct table *t) {
    if (t->info.type != BPF_MAP_TYPE_ARRAY || t->info.max_entries != RP_LOG2_SLOTS ||
        t->value->kind != RP_UINT || t->value->size != sizeof(uint64_t))
        return false;
    for (size_t i = 0; i < t->row_count; i++) {
        struct rp_view key = key_of(t, t->rows + i * t->row_size);
        if (!rp_view_uint(&key))
            return false;
    }
    return true;
}

static void write_histogram(const struct table *t, bool json, FILE *out) {
    uint64_t counts[RP_LOG2_SLOTS] = {0};
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = t->rows + i * t->row_size;
        struct rp_view key = key_of(t, row), value = value_of(t, row);
        counts[rp_view_uint(&key) % RP_LOG2_SLOTS] = rp_view_uint(&value);
    }
    if (!json) {
        fprintf(out, "%s:\n", t->name);
        rp_print_log2("value", counts, out);
        return;
    }
    fputs("{\"map\":", out);
    rp_print_json_text(t->name, SIZE_MAX, out);
    fputs(",\"histogram\":", out);
    rp_print_json_log2(counts, out);
    fputs("}\n", out);
}

static void write_json(const struct table *t, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = t->rows + i * t->row_size;
        struct rp_view key = key_of(t, row), value = value_of(t, row);
        rp_write_string(&w, "{\"map\":");
        rp_write_json_text(&w, t->name, SIZE_MAX);
        rp_write_string(&w, ",\"key\":");
        rp_write_json(&w, &key);
        rp_write_string(&w, ",\"value\":");
        rp_write_json(&w, &value);
        rp_write_string(&w, "}\n");
    }
    rp_writer_flush(&w);
}

/* A struct's members are columns of their own; anything else is one column, `name`. */
static bool add_part(struct rp_type *row, const char *name, struct rp_type *part, size_t offset) {
    bool is_struct = part && part->kind == RP_STRUCT;
    return rp_type_add_member(row, is_struct ? "" : name, part, offset * 8, 0);
}

/* Takes the table's types. */
static struct rp_error *row_layout(struct table *t, bool with_key, struct rp_layout **out) {
    RP_AUTO_TYPE struct rp_type *row = rp_type_new(RP_STRUCT, t->row_size);
    if (!row || (with_key && !add_part(row, "key", rp_take(t->key), 0)) ||
        !add_part(row, "value", rp_take(t->value), t->info.key_size))
        return rp_error_nomem();
    return rp_layout_new(rp_take(row), "value", out);
}

static struct rp_error *write_table(struct table *t, FILE *out) {
    bool single = is_array(t) && t->info.max_entries == 1;
    bool one_value = single && t->value->kind != RP_STRUCT;
    struct rp_layout *layout = NULL;
    RP_TRY(row_layout(t, !single, &layout));
    fprintf(out, one_value && t->row_count ? "%s: " : "%s:\n", t->name);
    if (!one_value && t->row_count)
        rp_layout_print_header(layout, out);
    for (size_t i = 0; i < t->row_count; i++)
        rp_layout_print_row(layout, t->rows + i * t->row_size, t->row_size, out);
    rp_layout_free(layout);
    return NULL;
}

static struct rp_error *print_table(struct table *t, const struct rp_module *module, bool json,
                                    FILE *out) {
    t->cpus = rp_map_is_per_cpu(&t->info) ? libbpf_num_possible_cpus() : 0;
    if (t->cpus < 0)
        return rp_error_new(-t->cpus, NULL, "cannot tell how many CPUs there may be");
    RP_TRY(find_types(t, module));
    RP_TRY(find_shown_value(t));
    t->row_size = t->info.key_size + t->value->size;
    RP_TRY(rp_map_entries(t->fd, t->name, &t->info, add_row, t));
    sort_rows(t);
    if (is_histogram(t))
        write_histogram(t, json, out);
    else if (json)
        write_json(t, out);
    else
        return write_table(t, out);
    return NULL;
}

struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *format, FILE *out) {
    bool json = format && format->as == RP_MAP_JSON;
    RP_AUTO(table_clear) struct table t = {.name = name, .fd = rp_module_map_fd(module, name)};
    if (t.fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(t.fd, name, &t.info));
    return is_shown(&t) ? print_table(&t, module, json, out) : NULL;
}
