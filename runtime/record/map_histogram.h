/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that are histograms: their entries become buckets. */
#ifndef RP_RECORD_MAP_HISTOGRAM_H
#define RP_RECORD_MAP_HISTOGRAM_H

#include "record/histogram.h"
#include "record/map_read.h"

/* The histogram of one key. */
struct rp_map_group {
    const uint8_t *row; /* an entry that has the key; NULL: there is no key */
    struct rp_bucket *buckets;
    size_t count;
    const uint64_t *log2; /* counts as rp_print_log2() takes them; NULL: it is linear */
};
typedef void (*rp_map_group_fn)(void *ctx, const struct rp_map_group *group);

/* Whether the map is said to be one, and what was read of it can be. */
bool rp_map_is_histogram(const struct rp_map_table *t);
/* Whether column `i` tells histograms apart, or is shown with them: it is not what they count. */
bool rp_map_is_heading(const struct rp_map_table *t, size_t i);
/* Calls `each` for each histogram, the one with most last; it changes the order of the rows. */
struct rp_error *rp_map_each_group(struct rp_map_table *t, rp_map_group_fn each, void *ctx);

#endif
