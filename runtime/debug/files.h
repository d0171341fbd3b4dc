/* SPDX-License-Identifier: Apache-2.0 */
/* The file beside a program, below /usr/lib/debug, or from a server (debuginfod.h), that has its
 * debug information and symbols. */
#ifndef RP_DEBUG_FILES_H
#define RP_DEBUG_FILES_H

#include <stdbool.h>

/* A descriptor of it, and its path in *name (malloc()ed); -1: there is none that may be read.
 * `fetches`: it may be one on a server. */
int rp_debug_file_open(const char *program, bool fetches, char **name);

/* Which build of a program or library it is, malloc()ed: its build-id in hexadecimal or, where it
 * has none, its size in bytes and when it was written. NULL: it cannot be read, or no memory. */
char *rp_debug_file_build(const char *path);

#endif
