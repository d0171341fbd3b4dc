/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's functions. */
#ifndef RP_KERNEL_KSYMS_H
#define RP_KERNEL_KSYMS_H

#include <stdbool.h>
#include <stdint.h>

struct rp_error;

/* Calls `each` with the name of every function in the kernel's text (/proc/kallsyms, types t and
 * T), its module or NULL, and its address (0 when kptr_restrict hides it), until it returns
 * false. */
struct rp_error *rp_ksyms_each(bool (*each)(void *ctx, const char *name, const char *module,
                                            uint64_t address),
                               void *ctx);
bool rp_ksym_exists(const char *name);
/* Bytes from the start of the function `name` to the next symbol; 0 when that cannot be known. */
uint64_t rp_ksym_size(const char *name);
/* How many functions have that name: static ones may share it. */
unsigned rp_ksym_count(const char *name);

/* The prefix this kernel gives its syscall functions ("__x64_sys_", "sys_"); never NULL. */
const char *rp_syscall_prefix(void);
/* What follows the syscall prefix of any architecture in `function` ("clone" of "sys_clone"), or
 * NULL when it begins with none. */
const char *rp_syscall_of(const char *function);
/* The function of the syscall that `function` means, as this kernel calls it ("__x64_sys_clone"
 * for "sys_clone"); NULL when `function` means none that is here. malloc()ed. */
char *rp_syscall_function(const char *function);

/* While on, libbcc's question whether a kernel function exists is answered from BTF, without
 * reading all of /proc/kallsyms. */
void rp_ksyms_answer_from_btf(bool on);

#endif
