/* SPDX-License-Identifier: Apache-2.0 */
/* BTF types as C declarations. */
#ifndef RP_KERNEL_BTF_TEXT_H
#define RP_KERNEL_BTF_TEXT_H

#include <stdbool.h>

#include "kernel/btf.h"

/* How to write a declaration, if not in the usual way. */
struct rp_btf_declaration {
    bool plain;    /* with types that need no declaration: no typedefs, all pointers alike, enums as
                      numbers */
    bool familiar; /* as people write it: with const, and "unsigned long" for BTF's "long unsigned
                      int" */
    /* The text for a type without a name, malloc()ed; NULL: "struct {…}". */
    char *(*anonymous)(void *ctx, uint32_t id);
    void *ctx;
};

/* "TYPE name" in C's inside-out way, const and the like left out: "char name[16]"; with the name ""
 * just the type, "char [16]". The type's own const is always left out. `spelling` may be NULL.
 * malloc()ed, or NULL without memory. */
char *rp_btf_declaration(const struct rp_btf *btf, uint32_t id, const char *name,
                         const struct rp_btf_declaration *spelling);

/* The type as people write it, without a name and without its own const: "struct filename *", "char
 * [16]". malloc()ed; NULL: out of memory. */
char *rp_type_declaration(const struct rp_btf *btf, uint32_t id);
/* "struct filename *name", "char comm[16]" of such a text, malloc()ed. */
char *rp_type_declare(const char *type, const char *name);

/* "struct", "union" or "enum". */
const char *rp_btf_tag_word(const struct btf_type *t);
/* The type without const and the like; and without typedefs. */
uint32_t rp_btf_skip_modifiers(const struct rp_btf *btf, uint32_t id);
uint32_t rp_btf_skip_to_base(const struct rp_btf *btf, uint32_t id);

#endif
