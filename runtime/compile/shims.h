/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of libbcc and libbpf that this library defines first, so that it gets what libbcc would
 * give to the kernel. */
#ifndef RP_COMPILE_SHIMS_H
#define RP_COMPILE_SHIMS_H

#include "compile/object.h"
#include "util/vec.h"

/* Numbers in place of map descriptors while libbcc compiles: no process has so many files. */
#define RP_MAP_NUMBER_FIRST (1 << 30)
/* Of the maps that unwound_stack() uses (prelude/unwind.h), one after another. */
#define RP_MAP_NUMBER_UNWIND (RP_MAP_NUMBER_FIRST - RP_UNWIND_MAPS)

struct rp_shim_sink {
    bool creates_maps;    /* for real */
    bool keeps_rw_engine; /* see shims.c */
    /* Maps in the order in which libbcc created them; `fd` is the number that libbcc knows. */
    RP_VEC(struct rp_object_map) maps;
    struct rp_object_map failed; /* the first one that could not be created */
    int failed_errno;            /* or 0 */
    void *btf;
    uint32_t btf_size;
    struct rp_object_function *function; /* the function that libbcc is loading, or NULL */
};

/* From here on libbcc's maps, BTF and programs go to `sink`; NULL ends it. */
void rp_shim_sink_set(struct rp_shim_sink *sink);
/* Frees what was not taken from it. */
void rp_shim_sink_clear(struct rp_shim_sink *sink);

/* Calls `fn(ctx)`, which calls libbcc to compile. False if LLVM found an error that clang cannot
 * see, such as a stack too large, and which would end the process; it is then on stderr as
 * "FILE:LINE:COL: error: …", like clang's own. Memory that LLVM held at that moment is not freed.
 */
bool rp_backend_run(void (*fn)(void *ctx), void *ctx);

#endif
