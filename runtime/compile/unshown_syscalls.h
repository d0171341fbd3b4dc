/* SPDX-License-Identifier: Apache-2.0 */
/* TRACEPOINT_PROBE of a system call where tracefs does not show the tracepoints of those. */
#ifndef RP_COMPILE_UNSHOWN_SYSCALLS_H
#define RP_COMPILE_UNSHOWN_SYSCALLS_H

#include <stdio.h>

#include "util/names.h"

/* The format of the tracepoint of a system call that tracefs does not show, malloc()ed; NULL: it
 * shows it, or no such call is known. */
char *rp_unshown_syscall(const char *category, const char *event);
/* What becomes of TRACEPOINT_PROBE of it, one word: "raw", at the raw tracepoint of all calls,
 * which this user may use; or "given", as it is, with its struct, to be compiled only. */
const char *rp_unshown_syscall_way(const char *event);
/* The structs of such ones among these "category:name", and TRACEPOINT_PROBE anew. */
void rp_write_unshown_syscalls(const struct rp_names *tracepoints, FILE *out);

#endif
