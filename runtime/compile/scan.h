/* SPDX-License-Identifier: Apache-2.0 */
/* What a C text mentions, defines and includes, found only from its tokens. */
#ifndef RP_COMPILE_SCAN_H
#define RP_COMPILE_SCAN_H

#include "util/lexer.h"
#include "util/names.h"

struct rp_scan {
    struct rp_names mentioned;   /* every identifier */
    struct rp_names defined;     /* struct, union and enum tags with a body, typedefs, enumerators,
                                    macros */
    struct rp_names declared;    /* variables, functions, maps, parameters, as far as tokens tell */
    struct rp_names members;     /* of structs and unions with a body */
    struct rp_names tags;        /* names that follow `struct`, `union` or `enum` */
    struct rp_names includes;    /* paths, angle brackets and quotes alike */
    struct rp_names quoted;      /* only those in quotes */
    bool reads_more;             /* a directive may read a file that is not in `includes` */
    struct rp_names tracepoints; /* "category:name" of each TRACEPOINT_PROBE */
};

/* Adds the content of `text` to the scan; a zeroed scan is empty. */
void rp_scan_text(struct rp_scan *scan, const char *text, size_t len);
void rp_scan_clear(struct rp_scan *scan);

#endif
