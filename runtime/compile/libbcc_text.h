/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that libbcc puts before every source, as found in the loaded library. */
#ifndef RP_COMPILE_LIBBCC_TEXT_H
#define RP_COMPILE_LIBBCC_TEXT_H

#include <stdio.h>

#include "compile/scan.h"

/* What libbcc's own bpf.h and helpers.h define and mention; read on the first call. The names that
 * they define must not be declared again from BTF. */
const struct rp_scan *rp_libbcc_scan(void);
/* Every name that they declare or define: helpers, functions, types, macros. */
const struct rp_names *rp_libbcc_names(void);
/* Frees what is kept of them; the next call reads them again. */
void rp_libbcc_release(void);

/* Writes those headers without the declarations that neither `wanted` nor the rest mentions, nor
 * the operations on maps, as `increment`, that may be among `operations`, and with their include
 * guards defined, so that libbcc's own are skipped. False if the headers were not found: then it
 * writes nothing, and the full ones are read. */
bool rp_libbcc_write_reduced(const struct rp_names *wanted, const struct rp_names *operations,
                             FILE *out);
/* Whether libbcc reads empty headers in place of its own: while it compiles a text behind reduced
 * ones. */
void rp_libbcc_hide_headers(bool hide);

#endif
