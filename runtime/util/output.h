/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_OUTPUT_H
#define RP_UTIL_OUTPUT_H

#include <stdbool.h>

/* Flushes stdout. False when something could not be written, now or before. */
bool rp_output_flush(void);
/* The errno of the first write that failed, or 0. */
int rp_output_errno(void);

#endif
