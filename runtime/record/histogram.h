/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms of any kind, as buckets in ascending order, and maps that are some. */
#ifndef RP_RECORD_HISTOGRAM_H
#define RP_RECORD_HISTOGRAM_H

#include "record/map_read.h"
#include "reprobe.h"

struct rp_bucket {
    bool below, above; /* it has no lower or no upper end */
    bool is_slot;      /* nor is known where it ends: what was counted under that number, `min` */
    bool is_unsigned;  /* `min` and `max` are to be read as uint64_t */
    int64_t min, max;  /* both included */
    uint64_t count;
};

/* How wide bars are, and what stands behind them. */
struct rp_bars {
    size_t columns; /* of the terminal; 0: no end */
    bool only_used; /* of a log2 histogram: without the empty buckets before the first one that is
                       not */
    /* NULL, or writes what stands behind the bar of a log2 slot, in so many columns. */
    void (*each)(void *ctx, unsigned slot, FILE *out);
    void *ctx;
    size_t width;
};
/* Draws "[min, max + 1)" for each, "min" for slots. */
void rp_print_linear(const char *unit, const struct rp_bucket *buckets, size_t count,
                     const struct rp_bars *bars, FILE *out);
/* Slots 1 to the last one that has a count, as buckets; returns how many. Slot `open` is of all
 * that is beyond it, too; 0: none is. */
size_t rp_log2_buckets(const uint64_t counts[RP_LOG2_SLOTS], unsigned open,
                       struct rp_bucket buckets[RP_LOG2_SLOTS]);
/* Draws them as rp_print_log2() does. */
void rp_print_log2_buckets(const char *unit, const struct rp_bucket *buckets, size_t count,
                           const struct rp_bars *bars, FILE *out);
/* "count 20, mean 8.3 to 16.1, p50 <= 15, …": percentiles as the ends of the buckets that have
 * them. Nothing where there is nothing. */
void rp_print_summary(const struct rp_bucket *buckets, size_t count, FILE *out);
/* [{"min":…,"max":…,"count":…},…]; an open-ended bucket lacks the member. */
void rp_json_buckets(struct rp_writer *json, const char *name, const struct rp_bucket *buckets,
                     size_t count);

/* ------------------------------------------------------------------ of a map */

/* The histogram of one key. */
struct rp_map_group {
    const uint8_t *row; /* an entry that has the key; NULL: there is no key */
    struct rp_bucket *buckets;
    size_t count;
    const uint64_t *log2; /* its counts by slot; NULL: it is linear */
};
typedef void (*rp_map_group_fn)(void *ctx, const struct rp_map_group *group);

/* Whether the map is said to be one, and what was read of it can be. */
bool rp_map_is_histogram(const struct rp_map_table *t);
/* Whether column `i` tells histograms apart, or is shown with them: it is not what they count. */
bool rp_map_is_heading(const struct rp_map_table *t, size_t i);
/* Calls `each` for each histogram, the one with most last; it changes the order of the rows. */
struct rp_error *rp_map_each_group(struct rp_map_table *t, rp_map_group_fn each, void *ctx);

#endif
