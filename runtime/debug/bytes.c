/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/bytes.h"

#include <string.h>

#define LEB_BITS 64

const uint8_t *rp_bytes_take(struct rp_bytes *bytes, uint64_t size) {
    const uint8_t *taken = bytes->at;
    if (size > rp_bytes_left(bytes)) {
        bytes->is_bad = true;
        return NULL;
    }
    bytes->at += size;
    return taken;
}

struct rp_bytes rp_bytes_part(struct rp_bytes *bytes, uint64_t size) {
    const uint8_t *part = rp_bytes_take(bytes, size);
    return part ? (struct rp_bytes){part, part + size, false}
                : (struct rp_bytes){bytes->at, bytes->at, true};
}

uint64_t rp_bytes_unsigned(struct rp_bytes *bytes, unsigned size) {
    uint64_t number = 0;
    const uint8_t *taken = rp_bytes_take(bytes, size);
    if (taken)
        memcpy(&number, taken, size);
    return number;
}

/* The number whose uppermost bit is that one, as a signed one. */
static int64_t extended(uint64_t number, unsigned bits) {
    return bits > 0 && bits < LEB_BITS && number >> (bits - 1) & 1
               ? (int64_t)(number | UINT64_MAX << bits)
               : (int64_t)number;
}

int64_t rp_bytes_signed(struct rp_bytes *bytes, unsigned size) {
    return extended(rp_bytes_unsigned(bytes, size), 8 * size);
}

static uint64_t leb(struct rp_bytes *bytes, unsigned *bits) {
    uint64_t number = 0;
    for (*bits = 0;;) {
        uint64_t byte = rp_bytes_next(bytes);
        if (bytes->is_bad)
            return 0;
        if (*bits < LEB_BITS)
            number |= (byte & 0x7f) << *bits;
        *bits = *bits < LEB_BITS ? *bits + 7 : *bits;
        if (!(byte & 0x80))
            return number;
    }
}

uint64_t rp_bytes_uleb(struct rp_bytes *bytes) {
    unsigned bits;
    return leb(bytes, &bits);
}

int64_t rp_bytes_sleb(struct rp_bytes *bytes) {
    unsigned bits;
    uint64_t number = leb(bytes, &bits);
    return extended(number, bits);
}
