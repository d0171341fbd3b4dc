/* SPDX-License-Identifier: Apache-2.0 */
/* BTF read where it lies: no byte of it is copied, and little is kept beside it. */
#ifndef RP_KERNEL_BTF_READER_H
#define RP_KERNEL_BTF_READER_H

#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>

#include "util/vec.h"

/* A type that C can name: a struct, a union, an enum or a typedef. */
struct rp_btf_entry {
    uint32_t id, at; /* at: where in the types */
};

struct rp_btf {
    const struct rp_btf *base; /* of a module: vmlinux, whose ids and strings its own go on from */
    uint32_t first_id, end_id; /* its own types have the ids from first_id up to, but not, end_id */
    const char *types, *strings;       /* the two sections, in `bytes` */
    uint32_t first_string, end_string; /* the offsets of its own strings */
    RP_VEC(uint32_t) marks;            /* where in `types` the first of every few begins */
    RP_VEC(struct rp_btf_entry) nameable;
    void *bytes; /* what it was made from */
    size_t size;
    char *module;        /* its name, where it is one of rp_kernel_module_types() */
    struct rp_btf *next; /* in a list */
};

/* Maps the file, or reads it where the kernel does not let itself be mapped (before Linux 6.16; a
 * module's types). `base` must outlive it. NULL and errno when that fails. */
struct rp_btf *rp_btf_open(const char *path, const struct rp_btf *base);
/* Of `bytes`, which mmap() gave and rp_btf_free() unmaps; they stay the caller's when it fails. */
struct rp_btf *rp_btf_new(void *bytes, size_t size, const struct rp_btf *base);
/* With all that follow it in its list; NULL is none. */
void rp_btf_free(struct rp_btf *btf);

/* Never NULL: what has no such id is void. */
const struct btf_type *rp_btf_type(const struct rp_btf *btf, uint32_t id);
static inline const struct btf_type *rp_btf_entry_type(const struct rp_btf *btf,
                                                       const struct rp_btf_entry *entry) {
    return (const struct btf_type *)(btf->types + entry->at);
}
/* Never NULL: "" for what has no name. */
static inline const char *rp_btf_string(const struct rp_btf *btf, uint32_t offset) {
    if (offset < btf->first_string)
        btf = btf->base;
    return offset < btf->end_string ? btf->strings + (offset - btf->first_string) : "";
}
static inline const char *rp_btf_name(const struct rp_btf *btf, const struct btf_type *t) {
    return rp_btf_string(btf, t->name_off);
}

/* The id of the first type, of its own, of that kind and name; 0 when there is none. */
uint32_t rp_btf_find(const struct rp_btf *btf, const char *name, unsigned kind);

/* The struct or union that `name` means, as its tag or as a typedef; NULL when there is none, or it
 * is only declared. */
const struct btf_type *rp_btf_find_composite(const struct rp_btf *btf, const char *name);

/* In bytes, by value; 0 for what has none. */
uint64_t rp_btf_size(const struct rp_btf *btf, uint32_t id);
/* In bytes, at least 1, and 1 for what is packed. */
unsigned rp_btf_align(const struct rp_btf *btf, uint32_t id);

#endif
