/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#ifndef BITS_BPF_H
#define BITS_BPF_H

/* The power of two below `v`. */
static __always_inline u64 log2(u32 v)
{
    u32 shift, r;

    r = (v > 0xffff) << 4;
    v >>= r;
    shift = (v > 0xff) << 3;
    v >>= shift;
    r |= shift;
    shift = (v > 0xf) << 2;
    v >>= shift;
    r |= shift;
    shift = (v > 0x3) << 1;
    v >>= shift;
    r |= shift;
    r |= (v >> 1);
    return r;
}

static __always_inline u64 log2l(u64 v)
{
    u32 high = v >> 32;

    return high ? log2(high) + 32 : log2(v);
}

#endif
