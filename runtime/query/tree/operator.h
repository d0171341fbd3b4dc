/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_QUERY_TREE_OPERATOR_H
#define RP_QUERY_TREE_OPERATOR_H

#include "query/tree/tree.h"

/* "+", "&&". */
const char *rp_op_text(enum rp_op op);

#endif
