/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's functions that a program may call by name, as a vmlinux.h declares them. */
#ifndef RP_COMPILE_KFUNCS_H
#define RP_COMPILE_KFUNCS_H

#include <stdio.h>

#include "compile/scan.h"

struct rp_btf;

/* Writes a declaration of each kernel function `bpf_…` that the source mentions and does not
 * declare, and that is not a helper. The words of the declarations count as mentioned: write them
 * behind the types. */
void rp_kfuncs_write(struct rp_scan *scan, const struct rp_btf *btf, FILE *out);

#endif
