/* SPDX-License-Identifier: Apache-2.0 */
/* Types of one's own programs, as C declares them. */
#ifndef RP_QUERY_TREE_DECLARE_H
#define RP_QUERY_TREE_DECLARE_H

#include "query/tree/c_type.h"

/* Reads "struct conf { int n; char *s; }; typedef struct conf conf_t; enum …": what is declared is
 * found by its name from then on, laid out as a program's compiler does (System V, 64 bits).
 * To be called once for `types`. Errors are about the text, with a caret below the line. */
struct rp_error *rp_c_declare(struct rp_c_types *types, const char *text);

#endif
