/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_QUERY_CALL_RESULTS_H
#define RP_QUERY_CALL_RESULTS_H

#include <stdbool.h>

/* Whether that argument of the system call ("newfstat", as its tracepoints are called) leads to
 * where the call writes: before it returns something else is there. */
bool rp_call_writes_result(const char *call, const char *argument);

#endif
