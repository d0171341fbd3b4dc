/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that libbcc puts before every source, as they stand in the loaded library. */
#ifndef RP_COMPILE_LIBBCC_TEXT_H
#define RP_COMPILE_LIBBCC_TEXT_H

#include <stdio.h>

#include "compile/scan.h"

/* What libbcc's own bpf.h and helpers.h define and mention; read when first asked for. The names
 * they define must not be declared a second time from BTF. */
const struct rp_scan *rp_libbcc_scan(void);
/* Every name that they declare or define: helpers, functions, types, macros. */
const struct rp_names *rp_libbcc_names(void);
/* Frees what is kept of them. Asked for again, they are read again. */
void rp_libbcc_release(void);

/* Writes those headers without the declarations that neither `wanted` nor what is kept mentions,
 * and with their include guards defined, so that libbcc's own are passed over. False when the
 * headers were not found: then nothing is written, and the whole ones are read. */
bool rp_libbcc_write_reduced(const struct rp_names *wanted, FILE *out);

#endif
