/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks by their ids, each kept once. */
#ifndef RP_STACK_UNWOUND_LIST_H
#define RP_STACK_UNWOUND_LIST_H

#include "stack/unwind.h"
#include "util/vec.h"

struct rp_unwound_entry {
    uint32_t id, first; /* `first`: the index of the entry that has the same addresses */
    uint64_t content;   /* a hash of them */
    struct rp_unwound stack;
};

/* Zeroed is empty. */
struct rp_unwound_list {
    RP_VEC(struct rp_unwound_entry) entries;
    uint32_t *by_id, *by_content; /* indices plus 1; tables that are at most half full */
    size_t capacity;              /* of each; a power of two */
};

/* Copies the addresses. False: out of memory. */
bool rp_unwound_list_add(struct rp_unwound_list *list, uint32_t id, const struct rp_unwound *stack);
/* The entry that was first to have these addresses; NULL: none has the id. */
const struct rp_unwound_entry *rp_unwound_list_find(const struct rp_unwound_list *list,
                                                    uint32_t id);
void rp_unwound_list_clear(struct rp_unwound_list *list);

#endif
