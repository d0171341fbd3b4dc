/* SPDX-License-Identifier: Apache-2.0 */
/* What maps had when they were last printed: how fast their numbers grow. */
#ifndef RP_RECORD_MAP_PAST_H
#define RP_RECORD_MAP_PAST_H

#include "record/map_read.h"

struct rp_map_rate {
    size_t row;
    bool known; /* its number was read before, and has not begun anew */
    double per_s;
};

/* The rates of all rows, the fastest first, then those with the largest numbers; they are what the
 * next call compares with. *rates is NULL where the values are not numbers; malloc()ed. */
struct rp_error *rp_map_past_rates(struct rp_map_past *past, const struct rp_map_table *t,
                                   struct rp_map_rate **rates);

/* How much each slot of a log2 histogram grew between the last calls, the latest last. */
#define RP_HEAT_TIMES 16
struct rp_heat {
    unsigned count;
    uint64_t grown[RP_HEAT_TIMES][RP_LOG2_SLOTS], most; /* of all of them */
};
/* With the counts as they are now; what the first call found is told by none. NULL: no memory. */
const struct rp_heat *rp_map_past_heat(struct rp_map_past *past, const char *name,
                                       const uint64_t counts[RP_LOG2_SLOTS]);

#endif
