/* SPDX-License-Identifier: Apache-2.0 */
/* Names of types as a part of a longer text. */
#ifndef RP_QUERY_TREE_TYPE_NAME_H
#define RP_QUERY_TREE_TYPE_NAME_H

#include "compile/scan.h"
#include "query/tree/c_type.h"

/* Whether a type's name begins with that word. */
bool rp_type_name_begins(struct rp_c_types *types, const struct rp_token *token);
/* Takes a type's name and what belongs to it ("struct file **", "char [16]"). */
struct rp_error *rp_type_name_take(struct rp_c_types *types, struct rp_lexer *lexer,
                                   const struct rp_c_type **out);
/* The same without what stands behind it: "unsigned long", "struct file". */
struct rp_error *rp_type_name_take_base(struct rp_c_types *types, struct rp_lexer *lexer,
                                        const struct rp_c_type **out);

#endif
