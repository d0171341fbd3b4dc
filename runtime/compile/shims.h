/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of libbcc's and libbpf's that this library defines ahead of them, so that what libbcc
 * would give to the kernel is handed over instead. */
#ifndef RP_COMPILE_SHIMS_H
#define RP_COMPILE_SHIMS_H

#include "compile/object.h"

/* Numbers that stand for a map's descriptor while libbcc compiles: no process has so many files. */
#define RP_MAP_NUMBER_FIRST (1 << 30)

struct rp_shim_sink {
    bool creates_maps;    /* for real */
    bool keeps_rw_engine; /* see shims.c */
    /* Maps in the order libbcc created them; `fd` is the number libbcc knows. */
    struct rp_object_map *maps;
    size_t map_count;
    struct rp_object_map failed; /* the first one that could not be created */
    int failed_errno;            /* or 0 */
    void *btf;
    uint32_t btf_size;
    struct rp_object_function *function; /* whose information is handed over while it is set */
};

/* From here on libbcc hands over to `handover`; NULL ends it. */
void rp_shim_sink_set(struct rp_shim_sink *sink);
/* Frees what was not taken out of it. */
void rp_shim_sink_clear(struct rp_shim_sink *sink);

#endif
