/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of USDT probes. */
#ifndef RP_PROBE_KINDS_USDT_H
#define RP_PROBE_KINDS_USDT_H

#include <stdio.h>

#include "probe/binary.h"
#include "probe/kind.h"

/* Writes the C functions through which bpf_usdt_readarg() reads the probe's arguments in
 * `function`. */
struct rp_error *rp_usdt_write_readers(const struct rp_spec *spec, const char *function, FILE *out);

/* Tells the module's programs where the arguments are at the location `usdt`; the program that is
 * attached there must get *cookie. */
struct rp_error *rp_usdt_describe(const struct rp_spec *spec, const struct rp_binary_usdt *usdt,
                                  uint64_t *cookie);

#endif
