/* SPDX-License-Identifier: Apache-2.0 */
/* System calls: their numbers, and their arguments where the tracing file system does not tell. */
#ifndef RP_KERNEL_SYSCALLS_H
#define RP_KERNEL_SYSCALLS_H

#include <stdbool.h>

/* "openat", as the headers have it that this was built with; NULL: the number is not known.
 * `narrow`: of 32-bit programs, on x86-64 (on other processors NULL). */
const char *rp_syscall_name(long number, bool narrow);
/* The number of the call whose tracepoints are sys_enter_NAME and sys_exit_NAME, for programs of
 * the kernel's own width; -1: not known. */
long rp_syscall_number(const char *name);
/* The text that tracefs has in events/syscalls/EVENT/format, as far as fields go, malloc()ed; NULL:
 * no such event is known. For "sys_enter_openat" and the like. */
char *rp_syscall_event_format(const char *event);
/* The part behind "sys_enter_" or "sys_exit_", NULL unless it begins so; *at_return: which. */
const char *rp_syscall_of_event(const char *event, bool *at_return);
/* Calls `each` with the name of every call that is known, until it returns false. */
void rp_syscalls_each(bool (*each)(void *ctx, const char *name), void *ctx);

#endif
