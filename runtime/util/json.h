/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as reprobe.h has it, and what those need who write a value of their own. */
#ifndef RP_UTIL_JSON_H
#define RP_UTIL_JSON_H

#include "util/writer.h"

void rp_json_null(struct rp_writer *json, const char *name);
/* What stands before a value: a comma after another one, and its name. */
void rp_json_before(struct rp_writer *w, const char *name);

#endif
