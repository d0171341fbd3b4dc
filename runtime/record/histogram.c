/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: log2 ones drawn as BCC's tools draw them, linear ones alike; and the maps that are
 * some. */
#include "record/histogram.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

#define BAR_WIDTH 40

static uint64_t slot_min(unsigned slot) {
    return slot == 1 ? 0 : 1ULL << (slot - 1);
}

static uint64_t slot_max(unsigned slot) {
    return slot < 64 ? (1ULL << slot) - 1 : UINT64_MAX;
}

/* One past the last slot that has a count. */
static unsigned slots_used(const uint64_t *counts) {
    unsigned used = RP_LOG2_SLOTS;
    while (used > 1 && !counts[used - 1])
        used--;
    return used;
}

static uint64_t most_of(const struct rp_bucket *buckets, size_t count) {
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = buckets[i].count > most ? buckets[i].count : most;
    return most;
}

static void write_bar(uint64_t count, uint64_t most, unsigned width, FILE *out) {
    unsigned stars = most ? (unsigned)((double)count / (double)most * width) : 0;
    fputc('|', out);
    for (unsigned i = 0; i < width; i++)
        fputc(i < stars ? '*' : ' ', out);
    fputc('|', out);
}

/* What is left of the line for the bar, behind the numbers and within its ends. */
static unsigned bar_width(const struct rp_bars *bars, int before, unsigned width) {
    size_t used = (size_t)before + 2 + (bars->each ? bars->width : 0);
    if (!bars->columns || bars->columns >= used + width)
        return width;
    return bars->columns > used ? (unsigned)(bars->columns - used) : 0;
}

/* The last bucket may have no upper end, but where no number lies beyond it. */
size_t rp_log2_buckets(const uint64_t counts[RP_LOG2_SLOTS], unsigned open,
                       struct rp_bucket buckets[RP_LOG2_SLOTS]) {
    unsigned used = slots_used(counts);
    for (unsigned i = 1; i < used; i++)
        buckets[i - 1] = (struct rp_bucket){.is_unsigned = true,
                                            .above = i == open && i + 1 < RP_LOG2_SLOTS,
                                            .min = (int64_t)slot_min(i),
                                            .max = (int64_t)slot_max(i),
                                            .count = counts[i]};
    return used - 1;
}

/* "128 -> 255", "128 -> ...". */
static void print_ends(const struct rp_bucket *bucket, int digits, FILE *out) {
    char max[24] = "...";
    if (!bucket->above)
        snprintf(max, sizeof(max), "%" PRIu64, (uint64_t)bucket->max);
    fprintf(out, "%*" PRIu64 " -> %-*s", digits, (uint64_t)bucket->min, digits, max);
}

void rp_print_log2_buckets(const char *unit, const struct rp_bucket *buckets, size_t count,
                           const struct rp_bars *bars, FILE *out) {
    /* Numbers of more than 32 bits take half of the bar's width. */
    bool narrow = count <= 32;
    int digits = narrow ? 10 : 20;
    unsigned width = bar_width(bars, digits * 2 + 16, narrow ? BAR_WIDTH : BAR_WIDTH / 2);
    uint64_t most = most_of(buckets, count);
    if (count)
        fprintf(out, "     %-*s : count     distribution\n", narrow ? 19 : 29, unit);
    size_t first = 0;
    while (bars->only_used && first < count && !buckets[first].count)
        first++;
    for (size_t i = first; i < count; i++) {
        print_ends(&buckets[i], digits, out);
        fprintf(out, " : %-8" PRIu64 " ", buckets[i].count);
        write_bar(buckets[i].count, most, width, out);
        if (bars->each)
            bars->each(bars->ctx, (unsigned)i + 1, out);
        fputc('\n', out);
    }
}

void rp_print_log2(const char *unit, const uint64_t counts[RP_LOG2_SLOTS], FILE *out) {
    struct rp_bucket buckets[RP_LOG2_SLOTS];
    size_t count = rp_log2_buckets(counts, 0, buckets);
    rp_print_log2_buckets(unit, buckets, count, &(struct rp_bars){0}, out);
}

void rp_json_log2(struct rp_writer *json, const char *name, const uint64_t counts[RP_LOG2_SLOTS]) {
    struct rp_bucket buckets[RP_LOG2_SLOTS];
    size_t count = rp_log2_buckets(counts, 0, buckets);
    rp_json_buckets(json, name, buckets, count);
}

/* ---- linear */

static void write_edge(const struct rp_bucket *bucket, int64_t edge, char *text, size_t size) {
    snprintf(text, size, bucket->is_unsigned ? "%" PRIu64 : "%" PRId64, edge);
}

/* "[10, 20)"; "10" of a slot. */
static void write_edges(const struct rp_bucket *bucket, char *text, size_t size) {
    const struct rp_bucket end = {.is_unsigned = bucket->is_unsigned || bucket->max >= 0};
    char min[24], next[24];
    write_edge(bucket, bucket->min, min, sizeof(min));
    write_edge(&end, (int64_t)((uint64_t)bucket->max + 1), next, sizeof(next));
    if (bucket->is_slot)
        snprintf(text, size, "%s", min);
    else
        snprintf(text, size, "%s%s, %s)", bucket->below ? "(" : "[", bucket->below ? "..." : min,
                 bucket->above ? "..." : next);
}

void rp_print_linear(const char *unit, const struct rp_bucket *buckets, size_t count,
                     const struct rp_bars *bars, FILE *out) {
    uint64_t most = most_of(buckets, count);
    int width = 24; /* as wide as the two numbers of a log2 histogram */
    char edges[64];
    for (size_t i = 0; i < count; i++) {
        write_edges(&buckets[i], edges, sizeof(edges));
        width = (int)strlen(edges) > width ? (int)strlen(edges) : width;
    }
    if (count)
        fprintf(out, "     %-*s : count     distribution\n", width - 5, unit);
    for (size_t i = 0; i < count; i++) {
        write_edges(&buckets[i], edges, sizeof(edges));
        fprintf(out, "%-*s : %-8" PRIu64 " ", width, edges, buckets[i].count);
        write_bar(buckets[i].count, most, bar_width(bars, width + 12, BAR_WIDTH), out);
        fputc('\n', out);
    }
}

/* ---- what it says in short */

/* The bucket that has the one of which so many thousandths of all are not larger. */
static const struct rp_bucket *at_rank(const struct rp_bucket *buckets, size_t count,
                                       uint64_t total, unsigned thousandths) {
    unsigned __int128 rank = ((unsigned __int128)total * thousandths + 999) / 1000, seen = 0;
    for (size_t i = 0; i < count; i++) {
        seen += buckets[i].count;
        if (buckets[i].count && seen >= rank)
            return &buckets[i];
    }
    return NULL;
}

static void print_percentile(const struct rp_bucket *bucket, unsigned percent, FILE *out) {
    const char *relation = bucket->is_slot ? "in" : bucket->above ? ">=" : "<=";
    char edge[24];
    write_edge(bucket, bucket->above ? bucket->min : bucket->max, edge, sizeof(edge));
    fprintf(out, ", p%u %s %s", percent, relation, edge);
}

static double edge_of(const struct rp_bucket *bucket, int64_t edge) {
    return bucket->is_unsigned ? (double)(uint64_t)edge : (double)edge;
}

/* Between what it would be if all were at the lower ends, and at the upper ones. */
static void print_mean(const struct rp_bucket *buckets, size_t count, uint64_t total, FILE *out) {
    double least = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        if (buckets[i].count && (buckets[i].below || buckets[i].above))
            return;
        least += edge_of(&buckets[i], buckets[i].min) * (double)buckets[i].count;
        most += edge_of(&buckets[i], buckets[i].max) * (double)buckets[i].count;
    }
    least /= (double)total;
    most /= (double)total;
    fprintf(out, most - least >= 100 ? ", mean %.0f to %.0f" : ", mean %.1f to %.1f", least, most);
}

void rp_print_summary(const struct rp_bucket *buckets, size_t count, FILE *out) {
    static const unsigned percents[] = {50, 90, 99};
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += buckets[i].count;
    if (!total)
        return;
    fprintf(out, "     count %" PRIu64, total);
    print_mean(buckets, count, total, out);
    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
        print_percentile(at_rank(buckets, count, total, percents[i] * 10), percents[i], out);
    fputc('\n', out);
}

static void json_edge(struct rp_writer *json, const char *name, const struct rp_bucket *bucket,
                      int64_t edge) {
    if (bucket->is_unsigned)
        rp_json_uint(json, name, (uint64_t)edge);
    else
        rp_json_int(json, name, edge);
}

void rp_json_buckets(struct rp_writer *json, const char *name, const struct rp_bucket *buckets,
                     size_t count) {
    rp_json_array(json, name);
    for (size_t i = 0; i < count; i++) {
        rp_json_object(json, NULL);
        if (!buckets[i].below)
            json_edge(json, "min", &buckets[i], buckets[i].min);
        if (!buckets[i].above)
            json_edge(json, "max", &buckets[i], buckets[i].max);
        rp_json_uint(json, "count", buckets[i].count);
        rp_json_object_end(json);
    }
    rp_json_array_end(json);
}

/* ------------------------------------------------------------------ of a map */

/* Empty buckets are drawn between filled ones, unless there would be more of all than this. */
#define BUCKETS_MAX 1000

/* ---- what counts, and what is counted */

/* The column that is an array of counts; -1: each entry is one count. */
static ssize_t counts_column(const struct rp_map_table *t) {
    return rp_map_column(t, true, RP_MEMBER_BUCKET);
}

/* The key's member by which it counts; -1: the whole key is that. */
static ssize_t bucket_column(const struct rp_map_table *t) {
    return rp_map_column(t, false, RP_MEMBER_BUCKET);
}

static const struct rp_type *slot_type(const struct rp_map_table *t) {
    ssize_t bucket = bucket_column(t);
    return bucket < 0 ? t->key : t->layout->columns.items[bucket].type;
}

static __int128 slot_of(const struct rp_map_table *t, const uint8_t *row) {
    ssize_t bucket = bucket_column(t);
    struct rp_view slot = rp_map_cell(t, bucket < 0 ? 0 : (size_t)bucket, row);
    return rp_map_sum(&slot);
}

static uint64_t count_of(const struct rp_map_table *t, const uint8_t *row) {
    struct rp_view value = rp_map_value(t, row);
    return rp_view_uint(&value);
}

/* Element `i` of an entry's counts. */
static uint64_t element(const struct rp_map_table *t, const uint8_t *row, size_t i) {
    struct rp_view counts = rp_map_cell(t, (size_t)counts_column(t), row),
                   one = rp_view_element(&counts, i);
    return rp_view_uint(&one);
}

static size_t element_count(const struct rp_map_table *t) {
    return t->layout->columns.items[counts_column(t)].type->count;
}

/* The first slot stays empty, as bpf_log2l() begins at 1; when it does not, or there are more, the
 * map is not a log2 histogram. */
static bool has_log2_slots(const struct rp_map_table *t) {
    bool arrays = counts_column(t) >= 0;
    if (t->schema->from_zero)
        return arrays && element_count(t) < RP_LOG2_SLOTS;
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = rp_map_row(t, i);
        if (arrays ? element(t, row, 0) > 0
                   : slot_of(t, row) < 1 || slot_of(t, row) >= RP_LOG2_SLOTS)
            return false;
    }
    return true;
}

/* The types that were found can be those that the schema is of. */
static bool is_countable(const struct rp_map_table *t) {
    ssize_t counts = counts_column(t);
    if (counts >= 0) {
        const struct rp_type *type = t->layout->columns.items[counts].type;
        return type->kind == RP_ARRAY && rp_type_is_number(type->element) &&
               type->count <= RP_LOG2_SLOTS;
    }
    return rp_type_is_number(t->value) && rp_type_is_number(slot_type(t));
}

/* No number of how many there are is below 0; arrays of counts are unsigned. */
static bool has_counts(const struct rp_map_table *t) {
    for (size_t i = 0; i < t->row_count && t->value->kind == RP_INT; i++) {
        struct rp_view count = rp_map_value(t, rp_map_row(t, i));
        if (rp_view_int(&count) < 0)
            return false;
    }
    return true;
}

bool rp_map_is_histogram(const struct rp_map_table *t) {
    return rp_means_histogram(t->schema->means) && is_countable(t) && has_counts(t) &&
           (t->schema->means == RP_MEANS_LINEAR || has_log2_slots(t));
}

bool rp_map_is_heading(const struct rp_map_table *t, size_t i) {
    ssize_t counts = counts_column(t), bucket = bucket_column(t);
    if (counts >= 0)
        return (ssize_t)i != counts && !(rp_map_table_is_single(t) && i < t->key_columns);
    return bucket >= 0 && i < t->key_columns && (ssize_t)i != bucket;
}

static bool has_headings(const struct rp_map_table *t) {
    for (size_t i = 0; i < t->layout->columns.count; i++)
        if (rp_map_is_heading(t, i))
            return true;
    return false;
}

/* ---- one for each key */

struct group {
    const uint8_t *rows; /* which differ in their slots only, and ascend by them */
    size_t count;
    uint64_t total;
};

/* By the key without the bucket, which begins at byte `at`. */
static int compare_headings(const struct rp_map_table *t, const uint8_t *a, const uint8_t *b) {
    ssize_t bucket = bucket_column(t);
    if (counts_column(t) >= 0)
        return rp_map_compare_keys(a, b, (void *)t);
    if (bucket < 0)
        return 0;
    int by_column = rp_map_compare_columns(t, a, b, bucket);
    if (by_column)
        return by_column;
    const struct rp_column *column = &t->layout->columns.items[bucket];
    size_t at = column->bit_offset / 8, end = at + column->type->size;
    int order = memcmp(a, b, at);
    return order ? order : memcmp(a + end, b + end, t->info.key_size - end);
}

static int compare_rows(const void *a, const void *b, void *table) {
    int order = compare_headings(table, a, b);
    if (order || counts_column(table) >= 0)
        return order;
    __int128 left = slot_of(table, a), right = slot_of(table, b);
    return (left > right) - (left < right);
}

static int compare_groups(const void *a, const void *b) {
    const struct group *left = a, *right = b;
    if (left->total != right->total)
        return left->total > right->total ? 1 : -1;
    return (left->rows > right->rows) - (left->rows < right->rows);
}

static uint64_t total_of(const struct rp_map_table *t, const uint8_t *row) {
    uint64_t total = 0;
    if (counts_column(t) < 0)
        return count_of(t, row);
    for (size_t i = 0; i < element_count(t); i++)
        total += element(t, row, i);
    return total;
}

/* *out has as many as are returned. Without a key there is always one, if an empty one. */
static size_t find_groups(struct rp_map_table *t, struct group *out) {
    size_t count = 0;
    if (t->row_count)
        qsort_r(t->rows, t->row_count, t->row_size, compare_rows, t);
    else if (!has_headings(t))
        out[count++] = (struct group){0};
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = rp_map_row(t, i);
        if (!count || compare_headings(t, out[count - 1].rows, row) != 0)
            out[count++] = (struct group){.rows = row};
        out[count - 1].count++;
        out[count - 1].total += total_of(t, row);
    }
    qsort(out, count, sizeof(*out), compare_groups);
    return count;
}

/* ---- their buckets */

static void count_log2(const struct rp_map_table *t, const struct group *group,
                       uint64_t counts[RP_LOG2_SLOTS]) {
    memset(counts, 0, RP_LOG2_SLOTS * sizeof(*counts));
    bool arrays = counts_column(t) >= 0;
    for (size_t i = 0; arrays && group->count && i < element_count(t); i++)
        counts[i + t->schema->from_zero] = element(t, group->rows, i);
    for (size_t i = 0; !arrays && i < group->count; i++) {
        const uint8_t *row = group->rows + i * t->row_size;
        counts[slot_of(t, row)] = count_of(t, row);
    }
}

/* The last slot of an array, which programs count all that is beyond it in; 0: there is none. */
static unsigned open_slot(const struct rp_map_table *t) {
    return counts_column(t) < 0 ? 0 : (unsigned)(element_count(t) - 1 + t->schema->from_zero);
}

/* How far apart the slots are; 0: not known. */
static uint64_t step_of(const struct rp_map_table *t) {
    return t->schema->step ? (uint64_t)t->schema->step : rp_map_type_is_array(t->info.type);
}

static struct rp_bucket linear_bucket(const struct rp_map_table *t, __int128 slot, uint64_t count) {
    const struct rp_map_schema *schema = t->schema;
    bool is_unsigned = slot_type(t)->kind != RP_INT;
    struct rp_bucket bucket = {.is_unsigned = is_unsigned, .min = (int64_t)slot, .count = count};
    if (!schema->step) {
        bucket.is_slot = bucket.above = true;
        return bucket;
    }
    __int128 max = slot + schema->step - 1;
    bucket.below = slot < schema->low;
    bucket.above = slot >= schema->high || max > (is_unsigned ? UINT64_MAX : INT64_MAX);
    bucket.max = max >= schema->high && !bucket.above ? schema->high - 1 : (int64_t)max;
    return bucket;
}

/* How many buckets there are with the empty ones between. */
static size_t linear_count(const struct rp_map_table *t, const struct group *group, uint64_t step) {
    if (!group->count)
        return 0;
    uint64_t range = (uint64_t)(slot_of(t, group->rows + (group->count - 1) * t->row_size) -
                                slot_of(t, group->rows));
    uint64_t all = step ? range / step + (range % step > 0) : 0;
    return all < group->count || all >= BUCKETS_MAX ? group->count : (size_t)all + 1;
}

/* Of entries that are one count each. NULL: no memory. */
static struct rp_bucket *linear_buckets(const struct rp_map_table *t, const struct group *group,
                                        size_t *count) {
    uint64_t step = step_of(t);
    size_t capacity = linear_count(t, group, step);
    struct rp_bucket *buckets = calloc(capacity + 1, sizeof(*buckets));
    bool fills = capacity > group->count;
    __int128 last = 0;
    *count = 0;
    for (size_t i = 0; buckets && i < group->count; i++) {
        const uint8_t *row = group->rows + i * t->row_size;
        __int128 slot = slot_of(t, row);
        while (fills && i && slot - last > step && *count + group->count - i < capacity)
            buckets[(*count)++] = linear_bucket(t, last += step, 0);
        buckets[(*count)++] = linear_bucket(t, slot, count_of(t, row));
        last = slot;
    }
    return buckets;
}

/* Of an entry that has an array of counts: from 0 on, one by one. NULL: no memory. */
static struct rp_bucket *array_buckets(const struct rp_map_table *t, const struct group *group,
                                       size_t *count) {
    size_t used = group->count ? element_count(t) : 0;
    while (used && !element(t, group->rows, used - 1))
        used--;
    struct rp_bucket *buckets = calloc(used + 1, sizeof(*buckets));
    for (size_t i = 0; buckets && i < used; i++)
        buckets[i] = (struct rp_bucket){
            .is_slot = true, .above = true, .min = (int64_t)i, .count = element(t, group->rows, i)};
    *count = used;
    return buckets;
}

static struct rp_error *tell_group(const struct rp_map_table *t, const struct group *group,
                                   rp_map_group_fn each, void *ctx) {
    uint64_t counts[RP_LOG2_SLOTS];
    struct rp_bucket log2[RP_LOG2_SLOTS];
    RP_AUTO_FREE struct rp_bucket *linear = NULL;
    struct rp_map_group told = {.row = group->rows};
    if (t->schema->means == RP_MEANS_LOG2) {
        count_log2(t, group, counts);
        told.log2 = counts;
        told.count = rp_log2_buckets(counts, open_slot(t), log2);
    } else {
        linear = (counts_column(t) >= 0 ? array_buckets : linear_buckets)(t, group, &told.count);
        if (!linear)
            return rp_error_nomem();
    }
    told.buckets = linear ? linear : log2;
    each(ctx, &told);
    return NULL;
}

struct rp_error *rp_map_each_group(struct rp_map_table *t, rp_map_group_fn each, void *ctx) {
    RP_AUTO_FREE struct group *groups = calloc(t->row_count + 1, sizeof(*groups));
    if (!groups)
        return rp_error_nomem();
    size_t count = find_groups(t, groups);
    for (size_t i = 0; i < count; i++)
        RP_TRY(tell_group(t, &groups[i], each, ctx));
    return NULL;
}
