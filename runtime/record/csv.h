/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_RECORD_CSV_H
#define RP_RECORD_CSV_H

#include <stdio.h>

/* A cell as RFC 4180 has it: in quotes where it has to be. What it holds is escaped before, as for
 * a terminal, so that no line has another in it. */
void rp_csv_cell(const char *text, FILE *out);

#endif
