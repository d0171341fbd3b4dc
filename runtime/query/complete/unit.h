/* SPDX-License-Identifier: Apache-2.0 */
/* A C text with all that libbcc's clang sees around it, for libclang to read; nothing of it is
 * written to a file. */
#ifndef RP_QUERY_COMPLETE_UNIT_H
#define RP_QUERY_COMPLETE_UNIT_H

#include "compile/source.h"
#include "query/complete/clang.h"

#define RP_UNIT_SOURCE "/reprobe/source.c"

/* Zeroed is empty. */
struct rp_unit {
    const struct rp_clang *clang;
    struct rp_source source;
    char *prelude; /* what stands before the text */
    struct CXUnsavedFile *files;
    unsigned count;
};

/* `text` must outlive the unit. `mentions`: more names to be declared, if the kernel or
 * libbcc has them; NULL for none. `modules`: with the types of loaded modules. */
struct rp_error *rp_unit_make(struct rp_unit *unit, const char *text, const char *mentions,
                              bool modules);
void rp_unit_clear(struct rp_unit *unit);

/* To be disposed of; NULL when clang gave up. */
CXTranslationUnit rp_unit_parse(const struct rp_unit *unit);
/* What the text can go on with; to be disposed of. NULL when clang gave up. */
CXCodeCompleteResults *rp_unit_complete(const struct rp_unit *unit, unsigned line, unsigned column);

#endif
