/* SPDX-License-Identifier: Apache-2.0 */
/* BTF that is made here: types that build on those of another. */
#ifndef RP_KERNEL_BTF_WRITER_H
#define RP_KERNEL_BTF_WRITER_H

#include <bpf/btf.h>
#include <stdbool.h>

#include "kernel/btf.h"
#include "util/vec.h"

struct rp_btf_record {
    struct btf_type type;
    RP_VEC(uint32_t) more; /* what follows it */
};

/* Zeroed but for `base` (or NULL). */
struct rp_btf_writer {
    const struct rp_btf *base;
    RP_VEC(struct rp_btf_record) records;
    RP_VEC(char) strings;
    bool nomem;
};

/* The id of a type that rp_btf_writer_set() says later. */
uint32_t rp_btf_writer_reserve(struct rp_btf_writer *writer);
/* `size_or_type`: of what has one or leads to another. */
void rp_btf_writer_set(struct rp_btf_writer *writer, uint32_t id, const char *name, unsigned kind,
                       unsigned vlen, bool kflag, uint32_t size_or_type);
uint32_t rp_btf_writer_add(struct rp_btf_writer *writer, const char *name, unsigned kind,
                           unsigned vlen, bool kflag, uint32_t size_or_type);
/* A word more of what follows the type. */
void rp_btf_writer_more(struct rp_btf_writer *writer, uint32_t id, uint32_t word);
uint32_t rp_btf_writer_string(struct rp_btf_writer *writer, const char *text);
/* All of it; NULL without memory. */
struct rp_btf *rp_btf_writer_end(struct rp_btf_writer *writer);
void rp_btf_writer_clear(struct rp_btf_writer *writer);

#endif
