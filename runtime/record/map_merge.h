/* SPDX-License-Identifier: Apache-2.0 */
/* Entries whose keys differ only in the ids of stacks that are shown alike. */
#ifndef RP_RECORD_MAP_MERGE_H
#define RP_RECORD_MAP_MERGE_H

#include "record/map_read.h"

/* What is shown of a stack, malloc()ed, NULL without memory; *rank orders the stacks as they were
 * first asked for. */
typedef char *(*rp_stack_text_fn)(const struct rp_module *module,
                                  const struct rp_map_number *number, size_t *rank);
/* Whom rp_map_merged() asks; NULL: nobody. */
void rp_map_set_stack_text(rp_stack_text_fn fn);

/* Whether keys of the table may be such. */
bool rp_map_table_merges(const struct rp_map_table *t);
/* An entry of the map, with `count` values at strides of 8 bytes: those of all that are the same.
 */
typedef struct rp_error *(*rp_map_merged_fn)(struct rp_map_table *t, const void *key,
                                             const void *values, size_t count);
struct rp_error *rp_map_merged(struct rp_map_table *t, rp_map_merged_fn each);

#endif
