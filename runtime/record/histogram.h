/* SPDX-License-Identifier: Apache-2.0 */
/* Log2 histograms, drawn as BCC's tools draw them. */
#ifndef RP_RECORD_HISTOGRAM_H
#define RP_RECORD_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define RP_HISTOGRAM_SLOTS 64

/* counts[i] is how many values had bpf_log2l(value) == i: 2^(i-1) to 2^i - 1, and slot 1 has 0 as
 * well. Slot 0 is not used. */
void rp_histogram_print(const char *name, const uint64_t counts[RP_HISTOGRAM_SLOTS], FILE *out);
/* One line: {"map":NAME,"histogram":[{"min":…,"max":…,"count":…},…]}. */
void rp_histogram_print_json(const char *name, const uint64_t counts[RP_HISTOGRAM_SLOTS],
                             FILE *out);

#endif
