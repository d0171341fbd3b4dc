/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer of reprobe.h, and what is needed to write other values. */
#ifndef RP_UTIL_JSON_H
#define RP_UTIL_JSON_H

#include "util/writer.h"

void rp_json_null(struct rp_writer *json, const char *name);
/* Writes what comes before a value: a comma after another value, and its name. */
void rp_json_before(struct rp_writer *w, const char *name);

#endif
