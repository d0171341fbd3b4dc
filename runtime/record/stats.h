/* SPDX-License-Identifier: Apache-2.0 */
/* The sum and the extremes of numbers, that programs gather for each CPU without overflow. */
#ifndef RP_RECORD_STATS_H
#define RP_RECORD_STATS_H

#include "compile/object.h"
#include "record/layout.h"

/*
 * What a program has for each CPU, with the members that it needs:
 *
 *     struct rp_stats_s64 {  // rp_stats_u64 of numbers without a sign
 *         u64 count;
 *         s64 low, middle, high;  // the sum is low + middle * 2^22 + high * 2^43
 *         u64 most, least;
 *     };
 *
 * No part of the sum overflows before 2^42 numbers. Both extremes are the largest of something that
 * is never below 0, with which entries begin: `most` of the number, with the highest bit changed
 * where it has a sign, and `least` of the same with all bits changed.
 */

/* The columns of `figures` (enum rp_figure): one number, or a struct of some. NULL: no memory. */
struct rp_type *rp_stats_shown(unsigned figures);
/* What a column of only that figure is called. */
const char *rp_stats_name(unsigned figures);
/* Writes what rp_stats_shown() describes; `raw` has one for each CPU, `stride` bytes apart. */
void rp_stats_store(const struct rp_stats_type *stats, const uint8_t *raw, size_t cpus,
                    size_t stride, uint8_t *out);
/* The byte of what rp_stats_shown() describes with the number that entries are sorted by. */
size_t rp_stats_order(unsigned figures);

#endif
