/* SPDX-License-Identifier: Apache-2.0 */
/* Values from text, the other way round from text.c. */
#ifndef RP_RECORD_VALUE_PARSE_H
#define RP_RECORD_VALUE_PARSE_H

#include "record/layout.h"

/* Reads all of `text` as a value of that type into `data`, of the type's size: numbers (decimal or
 * 0x…, negative where the type is), 'c', true and false, names of an enum; text, with or without
 * quotes; hex digits for bytes of no known type; {a, b, …} of structs and arrays, {.member = a} of
 * structs, what is not said being zero. Errors say why. */
struct rp_error *rp_value_parse(const char *text, const struct rp_type *type, void *data);

#endif
