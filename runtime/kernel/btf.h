/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's own types. */
#ifndef RP_KERNEL_BTF_H
#define RP_KERNEL_BTF_H

#include "reprobe.h"

struct btf;

/* The types of vmlinux (Linux 5.4, CONFIG_DEBUG_INFO_BTF), read once a process; owned here. */
struct rp_error *rp_kernel_btf(const struct btf **out);
/* The same, or NULL without a word. */
const struct btf *rp_kernel_btf_or_null(void);

#endif
