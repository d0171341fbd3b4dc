/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms of any kind, as buckets in ascending order. */
#ifndef RP_RECORD_HISTOGRAM_H
#define RP_RECORD_HISTOGRAM_H

#include "reprobe.h"

struct rp_bucket {
    bool below, above; /* it has no lower or no upper end */
    int64_t min, max;  /* both included */
    uint64_t count;
};

/* Returns how many buckets rp_print_log2() would draw. */
size_t rp_log2_buckets(const uint64_t counts[RP_LOG2_SLOTS],
                       struct rp_bucket buckets[RP_LOG2_SLOTS]);

/* Draws "[min, max + 1)" for each. */
void rp_print_linear(const char *unit, const struct rp_bucket *buckets, size_t count, FILE *out);
/* [{"min":…,"max":…,"count":…},…]; an open-ended bucket lacks the member. */
void rp_json_buckets(struct rp_writer *json, const char *name, const struct rp_bucket *buckets,
                     size_t count);

#endif
