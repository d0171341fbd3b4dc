/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's functions. */
#ifndef RP_KERNEL_KSYMS_H
#define RP_KERNEL_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_error;

/* Calls `each` with the name of every function in the kernel's text (/proc/kallsyms, types t and
 * T), its module or NULL, and its address (0 if kptr_restrict hides it), until it returns false. */
struct rp_error *rp_ksyms_each(bool (*each)(void *ctx, const char *name, const char *module,
                                            uint64_t address),
                               void *ctx);
/* Whether the kernel hides all addresses from this user (kptr_restrict, no CAP_SYSLOG). */
bool rp_ksyms_hidden(void);
/* Whether the kernel's own types (not those of modules) have that function: most do, and it is
 * quick to see. */
bool rp_ksym_has_type(const char *name);
/* The same of all functions; for one without a type, it may read the whole of /proc/kallsyms. */
bool rp_ksym_exists(const char *name);
/* The function that the address is in, and how far; false where there is none, or the kernel hides
 * where they are. */
bool rp_ksym_at(uint64_t address, char *name, size_t size, uint64_t *offset);
/* Bytes from the start of the function `name` to the next symbol; 0 if unknown. */
uint64_t rp_ksym_size(const char *name);
/* The same of what begins at the address. */
uint64_t rp_ksym_size_at(uint64_t address);
/* How many functions, or variables, have that name; *address is that of the first, 0 if
 * kptr_restrict hides it. */
unsigned rp_ksym_address(const char *name, bool is_function, uint64_t *address);
/* How many functions have that name: static functions may share one. */
unsigned rp_ksym_count(const char *name);

/* The prefix of this kernel's syscall functions ("__x64_sys_", "sys_"); never NULL. */
const char *rp_syscall_prefix(void);
/* The part of `function` after the syscall prefix of any architecture ("clone" of "sys_clone");
 * NULL if it has no such prefix. */
const char *rp_syscall_of(const char *function);
/* This kernel's name of the syscall function `function` ("__x64_sys_clone" for "sys_clone", also
 * with the native prefix of another architecture), malloc()ed; NULL if this kernel has no such
 * syscall, or the name is another function's: __ia32_sys_clone is what 32-bit tasks call. */
char *rp_syscall_function(const char *function);
/* Whether this kernel has the syscall of that name ("openat", as its tracepoints have it). */
bool rp_kernel_has_syscall(const char *name);
/* Whether it is such a function of this kernel's: its argument are the caller's registers. */
bool rp_is_syscall_function(const char *function);

/* While on, libbcc learns from BTF whether a kernel function exists, without reading all of
 * /proc/kallsyms. */
void rp_ksyms_answer_from_btf(bool on);

#endif
