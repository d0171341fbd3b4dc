/* SPDX-License-Identifier: Apache-2.0 */
/* Reads numbers as DWARF has them, one after the other, and never beyond the end: there, and behind
 * a number that is not one, `is_bad` is set, and what is read is 0. */
#ifndef RP_DEBUG_BYTES_H
#define RP_DEBUG_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_bytes {
    const uint8_t *at, *end;
    bool is_bad;
};

static inline size_t rp_bytes_left(const struct rp_bytes *bytes) {
    return bytes->is_bad ? 0 : (size_t)(bytes->end - bytes->at);
}

/* The next `size` bytes, which are then behind it. NULL: there are not so many. */
const uint8_t *rp_bytes_take(struct rp_bytes *bytes, uint64_t size);
/* The same, as something to read from. */
struct rp_bytes rp_bytes_part(struct rp_bytes *bytes, uint64_t size);

static inline uint8_t rp_bytes_next(struct rp_bytes *bytes) {
    if (rp_bytes_left(bytes))
        return *bytes->at++;
    bytes->is_bad = true;
    return 0;
}

/* An integer of up to 8 bytes, in this machine's order. */
uint64_t rp_bytes_unsigned(struct rp_bytes *bytes, unsigned size);
int64_t rp_bytes_signed(struct rp_bytes *bytes, unsigned size);
/* LEB128: 7 bits a byte, the lowest first. */
uint64_t rp_bytes_uleb(struct rp_bytes *bytes);
int64_t rp_bytes_sleb(struct rp_bytes *bytes);

#endif
