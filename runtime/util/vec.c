/* SPDX-License-Identifier: Apache-2.0 */
#include "util/vec.h"

void *rp_vec_grown(void *items, size_t *capacity, size_t count, size_t extra, size_t item_size) {
    size_t wanted, doubled = *capacity < 4 ? 4 : *capacity * 2;
    if (__builtin_add_overflow(count, extra, &wanted))
        return NULL;
    wanted = wanted < doubled ? doubled : wanted;
    void *grown = reallocarray(items, wanted, item_size); /* NULL when the product overflows */
    if (grown)
        *capacity = wanted;
    return grown;
}
