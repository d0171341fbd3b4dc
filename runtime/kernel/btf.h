/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's own types. */
#ifndef RP_KERNEL_BTF_H
#define RP_KERNEL_BTF_H

#include "kernel/btf_reader.h"
#include "reprobe.h"

/* The types of vmlinux (Linux 5.4, CONFIG_DEBUG_INFO_BTF), read by the first call; valid until
 * rp_kernel_btf_release(). */
struct rp_error *rp_kernel_types(const struct rp_btf **out);
/* The same, or NULL without an error. */
const struct rp_btf *rp_kernel_types_or_null(void);
/* The same in libbpf's form, which takes ten times as long and a copy: only for calls of libbpf. */
const struct btf *rp_kernel_btf_or_null(void);

/* The types of the loaded modules, as a list. Free them with rp_btf_free() before the types of
 * vmlinux are released. NULL if there are none. */
struct rp_btf *rp_kernel_module_types(void);

/* Frees the types of vmlinux, which makes the above pointers invalid. The next call reads them
 * again. */
void rp_kernel_btf_release(void);

#endif
