/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_histogram.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/histogram.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Empty buckets are drawn between filled ones, unless there would be more of all than this. */
#define BUCKETS_MAX 1000

/* ---- what a map is */

/* The last member of a key that is a struct, if it is called `slot`; NULL when it is not. */
static const struct rp_member *slot_member(const struct rp_map_table *t) {
    if (t->key->kind != RP_STRUCT || !t->key->member_count)
        return NULL;
    const struct rp_member *last = &t->key->members[t->key->member_count - 1];
    return strcmp(last->name, "slot") == 0 && rp_type_is_number(last->type) ? last : NULL;
}

static bool is_keyed(const struct rp_map_table *t) {
    return slot_member(t) && t->key->member_count > 1;
}

static int64_t slot_of(const struct rp_map_table *t, const uint8_t *row) {
    const struct rp_member *member = slot_member(t);
    struct rp_view key = rp_map_key(t, row), slot = member ? rp_view_member(&key, member) : key;
    return slot.type->kind == RP_INT ? rp_view_int(&slot) : (int64_t)rp_view_uint(&slot);
}

static uint64_t count_of(const struct rp_map_table *t, const uint8_t *row) {
    struct rp_view value = rp_map_value(t, row);
    return rp_view_uint(&value);
}

/* The first slot stays empty, as bpf_log2l() begins at 1; if it is not empty, or there are more
 * slots, the map is not a log2 histogram. */
static bool has_log2_slots(const struct rp_map_table *t) {
    for (size_t i = 0; i < t->row_count; i++) {
        int64_t slot = slot_of(t, rp_map_row(t, i));
        if (slot < 1 || slot >= RP_LOG2_SLOTS)
            return false;
    }
    return true;
}

static bool is_linear(const char *name) {
    static const char ending[] = "_linear";
    size_t length = strlen(name);
    return length >= strlen(ending) && !strcmp(name + length - strlen(ending), ending);
}

/* BCC's BPF_HISTOGRAM without a key: 64 counters, `int` to u64. */
static bool is_plain_log2(const struct rp_map_table *t) {
    return t->info.type == BPF_MAP_TYPE_ARRAY && t->info.max_entries == RP_LOG2_SLOTS &&
           t->value->size == sizeof(uint64_t);
}

enum rp_map_shape rp_map_shape(const struct rp_map_table *t) {
    if (!rp_type_is_number(t->value) || !(slot_member(t) || rp_type_is_number(t->key)))
        return RP_MAP_TABLE;
    if (is_linear(t->name))
        return RP_MAP_LINEAR;
    if (slot_member(t) || (is_plain_log2(t) && t->value->kind == RP_UINT))
        return has_log2_slots(t) ? RP_MAP_LOG2 : RP_MAP_TABLE;
    return RP_MAP_TABLE;
}

/* ---- one for each key */

struct group {
    const uint8_t *rows; /* which differ in their slots only, and ascend by them */
    size_t count;
    uint64_t total;
};

/* The bytes of a row in which those of a group are alike. */
static size_t group_size(const struct rp_map_table *t) {
    const struct rp_member *slot = slot_member(t);
    return slot ? slot->bit_offset / 8 : 0;
}

static int compare_rows(const void *a, const void *b, void *table) {
    int order = memcmp(a, b, group_size(table));
    int64_t left = slot_of(table, a), right = slot_of(table, b);
    return order ? order : (left > right) - (left < right);
}

static int compare_groups(const void *a, const void *b) {
    const struct group *left = a, *right = b;
    if (left->total != right->total)
        return left->total > right->total ? 1 : -1;
    return (left->rows > right->rows) - (left->rows < right->rows);
}

/* *out has as many as are returned. Without a key there is always one, if an empty one. */
static size_t find_groups(struct rp_map_table *t, struct group *out) {
    size_t count = 0;
    if (t->row_count)
        qsort_r(t->rows, t->row_count, t->row_size, compare_rows, t);
    else if (!is_keyed(t))
        out[count++] = (struct group){0};
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = rp_map_row(t, i);
        if (!count || memcmp(out[count - 1].rows, row, group_size(t)) != 0)
            out[count++] = (struct group){.rows = row};
        out[count - 1].count++;
        out[count - 1].total += count_of(t, row);
    }
    qsort(out, count, sizeof(*out), compare_groups);
    return count;
}

/* ---- their buckets */

static size_t log2_buckets(const struct rp_map_table *t, const struct group *group,
                           uint64_t counts[RP_LOG2_SLOTS], struct rp_bucket *out) {
    memset(counts, 0, RP_LOG2_SLOTS * sizeof(*counts));
    for (size_t i = 0; i < group->count; i++) {
        const uint8_t *row = group->rows + i * t->row_size;
        counts[slot_of(t, row)] = count_of(t, row);
    }
    return rp_log2_buckets(counts, out);
}

/* How far apart all the slots are, if nobody says: the greatest common divisor; 0 for one slot. */
static int64_t step_of(const struct rp_map_table *t, const struct group *group) {
    uint64_t step = 0;
    for (size_t i = 1; i < group->count; i++) {
        uint64_t a =
            (uint64_t)slot_of(t, group->rows + i * t->row_size) - (uint64_t)slot_of(t, group->rows);
        while (a) {
            uint64_t rest = step % a;
            step = a;
            a = rest;
        }
    }
    return step > INT64_MAX ? 0 : (int64_t)step;
}

static struct rp_bucket linear_bucket(const struct rp_map_format *format, int64_t slot,
                                      int64_t step, uint64_t count) {
    struct rp_bucket bucket = {.min = slot, .count = count};
    bucket.above = step == 0 || __builtin_add_overflow(slot, step - 1, &bucket.max);
    if (!format->step)
        return bucket;
    bucket.below = slot < format->low;
    bucket.above = slot >= format->high;
    if (bucket.max >= format->high && !bucket.above)
        bucket.max = format->high - 1;
    return bucket;
}

/* How many buckets there are with the empty ones between. */
static size_t linear_count(const struct rp_map_table *t, const struct group *group, int64_t step) {
    if (!group->count)
        return 0;
    uint64_t first = (uint64_t)slot_of(t, group->rows);
    uint64_t last = (uint64_t)slot_of(t, group->rows + (group->count - 1) * t->row_size);
    uint64_t all = step ? (last - first + (uint64_t)step - 1) / (uint64_t)step + 1 : 1;
    return all < group->count ? group->count : all > BUCKETS_MAX ? group->count : (size_t)all;
}

/* NULL: no memory. */
static struct rp_bucket *linear_buckets(const struct rp_map_table *t, const struct group *group,
                                        const struct rp_map_format *format, size_t *count) {
    int64_t step = format->step ? format->step : step_of(t, group);
    size_t capacity = linear_count(t, group, step);
    struct rp_bucket *buckets = calloc(capacity + 1, sizeof(*buckets));
    bool fills = capacity > group->count;
    *count = 0;
    for (size_t i = 0; buckets && i < group->count; i++) {
        const uint8_t *row = group->rows + i * t->row_size;
        int64_t slot = slot_of(t, row);
        for (; fills && i && *count + group->count - i < capacity; ++*count) {
            int64_t last = buckets[*count - 1].min;
            if ((uint64_t)slot - (uint64_t)last <= (uint64_t)step)
                break;
            buckets[*count] = linear_bucket(format, last + step, step, 0);
        }
        buckets[(*count)++] = linear_bucket(format, slot, step, count_of(t, row));
    }
    return buckets;
}

/* ---- writing */

/* "comm = dd, cpu = 1" */
static void write_section(const struct rp_map_table *t, const struct rp_map_format *format,
                          const struct group *group, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_write_char(&w, '\n');
    for (size_t i = 0; i + 1 < t->key_columns; i++) {
        rp_write_string(&w, i ? ", " : "");
        rp_write_string(&w, t->layout->columns[i].path);
        rp_write_string(&w, " = ");
        rp_map_write_cell(&w, t, format, i, group->rows);
    }
    rp_write_char(&w, '\n');
    rp_writer_flush(&w);
}

static void write_json(const struct rp_map_table *t, const struct rp_map_format *format,
                       const struct group *group, const struct rp_bucket *buckets, size_t count,
                       FILE *out) {
    struct rp_writer w;
    rp_json_begin(&w, out);
    rp_map_write_json_name(&w, t, format);
    if (is_keyed(t))
        rp_map_write_json_key(&w, t, format, t->key->member_count - 1, group->rows);
    rp_json_buckets(&w, "histogram", buckets, count);
    rp_json_end(&w);
}

/* The names of the columns, when there is no group. */
static void write_csv_key(const struct rp_map_table *t, const struct rp_map_format *format,
                          const struct group *group, FILE *out) {
    for (size_t i = 0; is_keyed(t) && i + 1 < t->key_columns; i++) {
        rp_map_write_csv_cell(out, t, format, i, group ? group->rows : NULL);
        fputc(',', out);
    }
}

static void write_csv(const struct rp_map_table *t, const struct rp_map_format *format,
                      const struct group *group, const struct rp_bucket *buckets, size_t count,
                      FILE *out) {
    for (size_t i = 0; i < count; i++) {
        write_csv_key(t, format, group, out);
        if (!buckets[i].below)
            fprintf(out, "%" PRId64, buckets[i].min);
        fputc(',', out);
        if (!buckets[i].above)
            fprintf(out, "%" PRId64, buckets[i].max);
        fprintf(out, ",%" PRIu64 "\r\n", buckets[i].count);
    }
}

static struct rp_error *write_group(const struct rp_map_table *t, enum rp_map_shape shape,
                                    const struct rp_map_format *format, const struct group *group,
                                    FILE *out) {
    uint64_t counts[RP_LOG2_SLOTS];
    struct rp_bucket log2[RP_LOG2_SLOTS];
    RP_AUTO_FREE struct rp_bucket *linear = NULL;
    size_t count = 0;
    if (shape == RP_MAP_LOG2)
        count = log2_buckets(t, group, counts, log2);
    else if (!(linear = linear_buckets(t, group, format, &count)))
        return rp_error_nomem();
    const struct rp_bucket *buckets = linear ? linear : log2;
    const char *unit = format->unit ? format->unit : "value";
    if (format->as == RP_MAP_JSON) {
        write_json(t, format, group, buckets, count, out);
    } else if (format->as == RP_MAP_CSV) {
        write_csv(t, format, group, buckets, count, out);
    } else {
        if (is_keyed(t))
            write_section(t, format, group, out);
        if (shape == RP_MAP_LOG2)
            rp_print_log2(unit, counts, out);
        else
            rp_print_linear(unit, buckets, count, out);
    }
    return NULL;
}

static void write_head(const struct rp_map_table *t, const struct rp_map_format *format,
                       FILE *out) {
    if (format->as == RP_MAP_CSV) {
        write_csv_key(t, format, NULL, out);
        fputs("min,max,count\r\n", out);
    } else if (format->as == RP_MAP_TEXT) {
        rp_print_text(format->title ? format->title : t->name, SIZE_MAX, out);
        fputs(":\n", out);
    }
}

struct rp_error *rp_map_write_histograms(struct rp_map_table *t, enum rp_map_shape shape,
                                         const struct rp_map_format *format, FILE *out) {
    RP_AUTO_FREE struct group *groups = calloc(t->row_count + 1, sizeof(*groups));
    if (!groups)
        return rp_error_nomem();
    size_t count = find_groups(t, groups);
    write_head(t, format, out);
    for (size_t i = 0; i < count; i++)
        RP_TRY(write_group(t, shape, format, &groups[i], out));
    return NULL;
}
