/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's own types. */
#ifndef RP_KERNEL_BTF_H
#define RP_KERNEL_BTF_H

#include "kernel/btf_reader.h"
#include "reprobe.h"

/* The types of vmlinux (Linux 5.4, CONFIG_DEBUG_INFO_BTF), read when first asked for; owned here,
 * until rp_kernel_btf_release(). */
struct rp_error *rp_kernel_types(const struct rp_btf **out);
/* The same, or NULL without a word. */
const struct rp_btf *rp_kernel_types_or_null(void);
/* The same as libbpf has them, which takes ten times as long and a copy: for those who hand them on
 * to it. */
const struct btf *rp_kernel_btf_or_null(void);

/* The types that the loaded modules add, as a list; to be given to
 * rp_btf_free() before the types of vmlinux are released. NULL where there are none. */
struct rp_btf *rp_kernel_module_types(void);

/* Frees the types of vmlinux: the above pointers are void. Asked for again, they are read again. */
void rp_kernel_btf_release(void);

#endif
