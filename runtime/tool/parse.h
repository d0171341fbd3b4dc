/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers on command lines. */
#ifndef RP_TOOL_PARSE_H
#define RP_TOOL_PARSE_H

#include "reprobe.h"

/* A positive whole number up to `max`. */
bool rp_parse_count(const char *text, uint64_t max, uint64_t *count);

#endif
