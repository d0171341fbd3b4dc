/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include <asm-generic/errno.h>
#include <bpf/bpf_helpers.h>

/* The value of `key`, which becomes `init` if it had none. */
static __always_inline void *
bpf_map_lookup_or_try_init(void *map, const void *key, const void *init)
{
    void *val = bpf_map_lookup_elem(map, key);
    long err;

    if (val)
        return val;
    err = bpf_map_update_elem(map, key, init, BPF_NOEXIST);
    if (err && err != -EEXIST)
        return 0;
    return bpf_map_lookup_elem(map, key);
}

#endif
