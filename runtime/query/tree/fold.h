/* SPDX-License-Identifier: Apache-2.0 */
/* What constants come to. */
#ifndef RP_QUERY_TREE_FOLD_H
#define RP_QUERY_TREE_FOLD_H

#include "query/tree/tree.h"

/* Gives the node its value where that is known: its parts are constants, none of more than 64 bits.
 */
void rp_fold(struct rp_node *node);

#endif
