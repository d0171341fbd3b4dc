/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of C++'s and Rust's libraries. */
#ifndef RP_QUERY_TREE_STRING_TYPE_H
#define RP_QUERY_TREE_STRING_TYPE_H

#include "query/tree/c_type.h"

/* Paths of members. */
struct rp_string_type {
    const char *text, *length; /* where the text is, and how many bytes */
    /* libc++'s string has two layouts instead, the members __s and __l of `root`; or NULL */
    const char *root;
    bool has_bit; /* a bit field says whether it is the long one; else the size's lowest bit */
};

/* False: it is neither a string nor a pointer to one. */
bool rp_c_string_find(struct rp_c_types *types, const struct rp_c_type *type,
                      struct rp_string_type *out);

#endif
