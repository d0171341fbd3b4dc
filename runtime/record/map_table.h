/* SPDX-License-Identifier: Apache-2.0 */
/* A map's entries in this process's memory: rows of a key and its value, laid out as one struct. */
#ifndef RP_RECORD_MAP_TABLE_H
#define RP_RECORD_MAP_TABLE_H

#include "record/map_each.h"
#include "record/view.h"
#include "util/writer.h"

struct rp_map_table {
    const char *name;
    int fd; /* owned by the module */
    struct bpf_map_info info;
    int cpus;                 /* values in an entry of a per-CPU map, otherwise 0 */
    struct rp_type *leaf;     /* of one value; of one CPU */
    struct rp_layout *layout; /* size of a row */
    size_t key_columns;       /* the first columns of the layout; the others belong to the value */
    /* The layout's: the key, and what is shown as value, which is the leaf, or the CPUs'. */
    const struct rp_type *key, *value;
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

static inline bool rp_type_is_number(const struct rp_type *type) {
    return type->kind == RP_UINT || type->kind == RP_INT;
}

/* Whether a map holds data, rather than events, programs or other objects. */
bool rp_map_info_is_data(const struct bpf_map_info *info);
bool rp_map_info_is_array(const struct bpf_map_info *info);
/* An array of one entry, which needs no key. */
static inline bool rp_map_table_is_single(const struct rp_map_table *t) {
    return rp_map_info_is_array(&t->info) && t->info.max_entries == 1;
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
/* For qsort_r(), with the table: by key. */
int rp_map_compare_keys(const void *a, const void *b, void *table);

/* ---- writing, with what `format` says of the key's numbers */

#define RP_MAP_NAME_MAX 256

/* What the format says about the key, or its member `member`; false if nothing. */
bool rp_map_names_key(const struct rp_map_format *format, const char *member,
                      const struct rp_view *value, char name[RP_MAP_NAME_MAX]);
/* The cell of column `i`. */
void rp_map_write_cell(struct rp_writer *w, const struct rp_map_table *t,
                       const struct rp_map_format *format, size_t i, const uint8_t *row);
/* The member "key" in JSON; of a struct, its first `members`. */
void rp_map_write_json_key(struct rp_writer *w, const struct rp_map_table *t,
                           const struct rp_map_format *format, size_t members, const uint8_t *row);
/* The member "map" in JSON. */
void rp_map_write_json_name(struct rp_writer *w, const struct rp_map_table *t,
                            const struct rp_map_format *format);
/* A cell of CSV, quoted as RFC 4180 requires. `i` as above; a NULL `row`: the column's name. */
void rp_map_write_csv_cell(FILE *out, const struct rp_map_table *t,
                           const struct rp_map_format *format, size_t i, const uint8_t *row);

/* All entries: as rows, as JSON, as CSV. */
void rp_map_write_text(const struct rp_map_table *t, const struct rp_map_format *format, FILE *out);
void rp_map_write_json(const struct rp_map_table *t, const struct rp_map_format *format, FILE *out);
void rp_map_write_csv(const struct rp_map_table *t, const struct rp_map_format *format, FILE *out);

#endif
