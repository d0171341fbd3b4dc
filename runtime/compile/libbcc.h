/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc's compiler: text in, object out. */
#ifndef RP_COMPILE_LIBBCC_H
#define RP_COMPILE_LIBBCC_H

#include "compile/object.h"
#include "compile/scan.h"
#include "compile/shims.h"
#include "reprobe.h"

struct rp_libbcc_call {
    const char *name;   /* of the source, in messages */
    const char *path;   /* the name of the text in its line markers */
    const char *text;   /* the author's */
    const char **flags; /* clang's */
    size_t flag_count;
    const char *headers; /* a tree in place of the kernel's source; NULL: libbcc looks for installed
                            headers */
    bool has_reduced;    /* the tree has what the text needs of libbcc's headers */
    const struct rp_scan *scan;
    bool has_foreign_maps; /* pinned, shared or nested: libbcc opens them itself */
    bool creates_maps;     /* libbcc creates such maps in the kernel */
};

/* Calls libbcc once, and frees all that libbcc made before it returns. */
struct rp_error *rp_libbcc_compile(const struct rp_libbcc_call *call, struct rp_object **out);

#endif
