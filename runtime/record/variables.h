/* SPDX-License-Identifier: Apache-2.0 */
/* The global variables of a program in libbpf's dialect, which are one value of one map. */
#ifndef RP_RECORD_VARIABLES_H
#define RP_RECORD_VARIABLES_H

#include "record/map_read.h"

/* Prints those that are not zero: a line each, a struct that has counts in `slots` as a histogram
 * with its other members.
 * Prints nothing if all are zero. */
void rp_variables_print(const struct rp_map_table *t, const char *title,
                        const struct rp_map_format *format, FILE *out);

#endif
