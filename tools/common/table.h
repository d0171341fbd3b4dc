/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on stdout, from one description of their cells. */
#ifndef RP_TOOLS_TABLE_H
#define RP_TOOLS_TABLE_H

#include "reprobe_tool.h"

struct rp_table {
    const struct rp_tool *tool; /* for --json and -t */
    rp_cells_fn cells;
    const void *ctx;
    bool time_is_above; /* with -t it stands above the rows, and only in those of JSON */
};

/* With -t the row begins with the time of day. */
void rp_table_row(const struct rp_table *table, const void *record);
/* Prints the names of the columns; nothing with --json. `record` can be zeroed. */
void rp_table_header(const struct rp_table *table, const void *record);

#endif
