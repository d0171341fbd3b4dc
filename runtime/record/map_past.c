/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_past.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/vec.h"

/* One map as it was: its rows ascend by their keys' bytes. */
struct before {
    char *name;
    uint64_t at_ns;
    uint8_t *rows;
    size_t row_size, key_size, count;
    uint64_t counts[RP_LOG2_SLOTS]; /* of a histogram */
    bool counted;
    struct rp_heat heat;
};

struct rp_map_past {
    RP_VEC(struct before) maps;
};

struct rp_map_past *rp_map_past_new(void) {
    return calloc(1, sizeof(struct rp_map_past));
}

void rp_map_past_free(struct rp_map_past *past) {
    for (size_t i = 0; past && i < past->maps.count; i++) {
        free(past->maps.items[i].name);
        free(past->maps.items[i].rows);
    }
    if (past)
        rp_vec_clear(&past->maps);
    free(past);
}

/* NULL: no memory. */
static struct before *before_of(struct rp_map_past *past, const char *name) {
    for (size_t i = 0; i < past->maps.count; i++)
        if (strcmp(past->maps.items[i].name, name) == 0)
            return &past->maps.items[i];
    char *copy = strdup(name);
    struct before *before = copy ? rp_vec_add(&past->maps) : NULL;
    if (before)
        before->name = copy;
    else
        free(copy);
    return before;
}

static int compare_bytes(const void *a, const void *b, void *size) {
    return memcmp(a, b, *(const size_t *)size);
}

static struct rp_error *keep(struct before *before, const struct rp_map_table *t) {
    size_t size = t->row_count * t->row_size;
    uint8_t *rows = malloc(size + 1);
    if (!rows)
        return rp_error_nomem();
    if (size)
        memcpy(rows, t->rows, size);
    free(before->rows);
    before->rows = rows;
    before->row_size = t->row_size;
    before->key_size = t->info.key_size;
    before->count = t->row_count;
    before->at_ns = rp_now_ns();
    qsort_r(rows, t->row_count, t->row_size, compare_bytes, &before->key_size);
    return NULL;
}

/* How much the row's number has grown; false: that is not known. What was not there began at 0. */
static bool growth(const struct before *before, const struct rp_map_table *t, const uint8_t *row,
                   double *by) {
    struct rp_view now = rp_map_value(t, row);
    const uint8_t *found = NULL;
    if (!before->rows || before->row_size != t->row_size || before->key_size != t->info.key_size)
        return false;
    for (size_t low = 0, high = before->count; low < high && !found;) {
        size_t middle = low + (high - low) / 2;
        const uint8_t *at = before->rows + middle * before->row_size;
        int order = memcmp(row, at, before->key_size);
        found = order ? NULL : at;
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    struct rp_view then = rp_map_value(t, found ? found : row);
    __int128 last = found ? rp_map_sum(&then) : 0, value = rp_map_sum(&now);
    *by = (double)(value - last);
    return t->leaf->kind == RP_INT ||
           value >= last; /* a count that is smaller than before began anew meanwhile */
}

/* The table's rows ascend by their numbers. */
static int compare_rates(const void *a, const void *b) {
    const struct rp_map_rate *left = a, *right = b;
    if (left->per_s != right->per_s)
        return left->per_s < right->per_s ? 1 : -1;
    return left->row < right->row ? 1 : -1;
}

struct rp_error *rp_map_past_rates(struct rp_map_past *past, const struct rp_map_table *t,
                                   struct rp_map_rate **rates) {
    *rates = NULL;
    if (!rp_map_has_number(t))
        return NULL;
    struct before *before = before_of(past, t->name);
    RP_AUTO_FREE struct rp_map_rate *all = calloc(t->row_count + 1, sizeof(*all));
    if (!before || !all)
        return rp_error_nomem();
    double seconds = rp_ms_since(before->at_ns) / 1e3;
    for (size_t i = 0; i < t->row_count; i++) {
        double by = 0;
        all[i].row = i;
        all[i].known = growth(before, t, rp_map_row(t, i), &by) && seconds > 0;
        all[i].per_s = all[i].known ? by / seconds : 0;
    }
    qsort(all, t->row_count, sizeof(*all), compare_rates);
    RP_TRY(keep(before, t));
    *rates = rp_take(all);
    return NULL;
}

/* ------------------------------------------------------------------ histograms */

static void find_most(struct rp_heat *heat) {
    heat->most = 0;
    for (unsigned i = 0; i < heat->count; i++)
        for (unsigned slot = 0; slot < RP_LOG2_SLOTS; slot++)
            if (heat->grown[i][slot] > heat->most)
                heat->most = heat->grown[i][slot];
}

const struct rp_heat *rp_map_past_heat(struct rp_map_past *past, const char *name,
                                       const uint64_t counts[RP_LOG2_SLOTS]) {
    struct before *before = before_of(past, name);
    if (!before)
        return NULL;
    struct rp_heat *heat = &before->heat;
    if (before->counted && heat->count == RP_HEAT_TIMES)
        memmove(heat->grown[0], heat->grown[1], sizeof(heat->grown[0]) * --heat->count);
    for (unsigned slot = 0; before->counted && slot < RP_LOG2_SLOTS; slot++) {
        bool anew = counts[slot] < before->counts[slot];
        heat->grown[heat->count][slot] = anew ? counts[slot] : counts[slot] - before->counts[slot];
    }
    heat->count += before->counted;
    before->counted = true;
    memcpy(before->counts, counts, sizeof(before->counts));
    find_most(heat);
    return heat;
}
