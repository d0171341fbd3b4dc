/* SPDX-License-Identifier: Apache-2.0 */
/* A map's entries in this process's memory: rows of a key and its value, as one struct has them,
 * with what the map's schema says of each column. */
#ifndef RP_RECORD_MAP_READ_H
#define RP_RECORD_MAP_READ_H

#include <linux/bpf.h>

#include "compile/module.h"
#include "compile/object.h"
#include "compile/schema.h"
#include "record/view.h"

struct rp_error *rp_map_info(int fd, const char *name, struct bpf_map_info *info);
/* rp_map_each() of a map that is described by `info`. */
struct rp_error *rp_map_entries(int fd, const char *name, const struct bpf_map_info *info,
                                rp_map_entry_fn each, void *ctx);

/* How many values an entry has, or a negative errno, and the error that it is. */
int rp_map_count_values(const struct bpf_map_info *info);
struct rp_error *rp_map_cannot_count(int count);

struct rp_map_table {
    const struct rp_module *module;
    const char *name;
    int fd; /* owned by the module */
    struct bpf_map_info info;
    const struct rp_map_schema *schema;
    int cpus;                   /* values of a per-CPU map's entry, else 0 */
    struct rp_stats_type stats; /* of RP_MEANS_STATS; its figures are those that are shown */
    struct rp_type *leaf;       /* one value's; of one CPU */
    struct rp_layout *layout;   /* of a row */
    size_t key_columns;         /* the first of the layout's; the others are the value's */
    /* What the schema says of each column; NULL: nothing. */
    const struct rp_member_schema **members;
    /* The layout's: the key, and what is shown as value, which is the leaf, or the CPUs'. */
    const struct rp_type *key, *value;
    const uint32_t *interval; /* only rows of this one are read; NULL: all */
    uint8_t *rows;
    size_t row_size, row_count, row_capacity;
};

/* Finds the map and its types; *t is zeroed before and cleared in any case. */
struct rp_error *rp_map_table_open(const struct rp_module *module, const char *name,
                                   struct rp_map_table *t);
/* Reads the map: rows sorted by value if values are numbers, otherwise by key. Of an array, which
 * always has all its entries, only those that are not zero. */
struct rp_error *rp_map_table_read(struct rp_map_table *t);
void rp_map_table_clear(struct rp_map_table *t);
#define RP_AUTO_MAP_TABLE RP_AUTO(rp_map_table_clear) struct rp_map_table

static inline bool rp_type_is_number(const struct rp_type *type) {
    return type->kind == RP_UINT || type->kind == RP_INT;
}

/* An array of one entry, which needs no key. */
static inline bool rp_map_table_is_single(const struct rp_map_table *t) {
    return rp_map_type_is_array(t->info.type) && t->info.max_entries == 1;
}

static inline const uint8_t *rp_map_row(const struct rp_map_table *t, size_t i) {
    return t->rows + i * t->row_size;
}
static inline struct rp_view rp_map_key(const struct rp_map_table *t, const uint8_t *row) {
    return (struct rp_view){t->key, row, t->info.key_size, 0, 0};
}
static inline struct rp_view rp_map_value(const struct rp_map_table *t, const uint8_t *row) {
    return (struct rp_view){t->value, row, t->row_size, (uint64_t)t->info.key_size * 8, 0};
}
/* The cell of column `i`. */
static inline struct rp_view rp_map_cell(const struct rp_map_table *t, size_t i,
                                         const uint8_t *row) {
    const struct rp_column *column = &t->layout->columns.items[i];
    return (struct rp_view){column->type, row, t->row_size, column->bit_offset, column->bit_size};
}
/* The number that is there, sign-extended where it has a sign. */
static inline uint64_t rp_map_number(const struct rp_view *view) {
    return view->type->kind == RP_INT ? (uint64_t)rp_view_int(view) : rp_view_uint(view);
}

/* The same, or the sum of all CPUs' numbers. */
static inline __int128 rp_map_sum(const struct rp_view *view) {
    if (view->type->kind == RP_WIDE)
        return rp_view_wide(view);
    return view->type->kind == RP_INT ? (__int128)rp_view_int(view) : rp_view_uint(view);
}
/* Whether the value is one number, and no figure of what was measured. */
static inline bool rp_map_has_number(const struct rp_map_table *t) {
    return rp_type_is_number(t->value) || (t->value->kind == RP_WIDE && !t->stats.figures);
}

/* The first column of the key (or the value) that means that; -1 when none does. */
ssize_t rp_map_column(const struct rp_map_table *t, bool of_value, enum rp_member_meaning means);
/* By the columns of the key, but one (-1: by all); 0 where these alone are the same. */
int rp_map_compare_columns(const struct rp_map_table *t, const uint8_t *a, const uint8_t *b,
                           ssize_t but);
/* For qsort_r(), with the table: by key. */
int rp_map_compare_keys(const void *a, const void *b, void *table);

#endif
