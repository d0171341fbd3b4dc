/* SPDX-License-Identifier: Apache-2.0 */
/* Values from text, the opposite of text.c. */
#ifndef RP_RECORD_VALUE_PARSE_H
#define RP_RECORD_VALUE_PARSE_H

#include "record/layout.h"

/* Reads all of `text` as a value of that type into `data`, which has the type's size: numbers
 * (decimal or 0x…, negative if the type is signed), 'c', true and false, names of an enum; text,
 * with or without quotes; hex digits for bytes of unknown type; {a, b, …} for structs and arrays,
 * {.member = a} for structs, where omitted members are zero. Errors say why. */
struct rp_error *rp_value_parse(const char *text, const struct rp_type *type, void *data);

#endif
