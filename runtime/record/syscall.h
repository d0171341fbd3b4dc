/* SPDX-License-Identifier: Apache-2.0 */
/* Names of system calls. */
#ifndef RP_RECORD_SYSCALL_H
#define RP_RECORD_SYSCALL_H

#include <stdbool.h>

/* "openat", as the headers have it that this was built with; NULL: they have none of that number.
 * `narrow`: of 32-bit programs, on x86-64 (on other processors NULL). */
const char *rp_syscall_name(long number, bool narrow);

#endif
