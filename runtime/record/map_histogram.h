/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that are histograms. */
#ifndef RP_RECORD_MAP_HISTOGRAM_H
#define RP_RECORD_MAP_HISTOGRAM_H

#include "record/map_table.h"

enum rp_map_shape { RP_MAP_TABLE, RP_MAP_LOG2, RP_MAP_LINEAR };

/* What the entries of a map that was read are. */
enum rp_map_shape rp_map_shape(const struct rp_map_table *t);
/* Writes a map that is not a table; changes the order of the rows. */
struct rp_error *rp_map_write_histograms(struct rp_map_table *t, enum rp_map_shape shape,
                                         const struct rp_map_format *format, FILE *out);

#endif
