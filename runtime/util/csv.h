/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_CSV_H
#define RP_UTIL_CSV_H

#include <stdio.h>

/* Writes a cell of CSV (RFC 4180), in quotes if needed. Its text is escaped before, as for a
 * terminal, so that it contains no line breaks. Text that a
 * spreadsheet would take for a formula gets an apostrophe before it. */
void rp_csv_cell(const char *text, FILE *out);

#endif
