/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPROBE_LISTING_H
#define REPROBE_LISTING_H

#include "reprobe_query.h"

/* Prints the probes that rp_probe_list() finds to stdout, in alphabetical order, at most so many.
 * *count is how many there are. */
struct rp_error *list_probes(const char *kind, const char *pattern, size_t most, size_t *count);

#endif
