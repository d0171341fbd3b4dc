/* SPDX-License-Identifier: Apache-2.0 */
#include "util/vec.h"

void *rp_vec_grown(void *items, size_t *capacity, size_t count, size_t extra, size_t item_size) {
    size_t wanted, size, doubled = *capacity < 4 ? 4 : *capacity * 2;
    if (__builtin_add_overflow(count, extra, &wanted))
        return NULL;
    wanted = wanted < doubled ? doubled : wanted;
    if (__builtin_mul_overflow(wanted, item_size, &size) || size > PTRDIFF_MAX)
        return NULL; /* C has no object of that size */
    void *grown = realloc(items, size);
    if (grown)
        *capacity = wanted;
    return grown;
}
