/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of USDT probes. */
#ifndef RP_PROBE_KINDS_USDT_H
#define RP_PROBE_KINDS_USDT_H

#include <stdio.h>

#include "probe/kind.h"

/* Writes the C functions through which bpf_usdt_readarg() reads the probe's arguments in
 * `function`. */
struct rp_error *rp_usdt_write_readers(const struct rp_spec *spec, const char *function, FILE *out);

#endif
