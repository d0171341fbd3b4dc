/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a process sees them that has another root, or other mounts. */
#ifndef RP_PROBE_PROCESS_ROOT_H
#define RP_PROBE_PROCESS_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on names are those of files of this process (0: our own). */
void rp_process_root_set(pid_t pid);
/* The process, if it has other files than we have; 0: it has the same. */
pid_t rp_process_root(void);
/* A path, or the name of a program in $PATH or of a library that the process has loaded, as a path
 * that we can open; malloc()ed, NULL: it does not have that file. */
char *rp_process_root_find(const char *name);

/* Where the process (rp_process_root_set()) has the file loaded that was at the path, and was
 * replaced or deleted since, as a path in /proc; malloc()ed. NULL: that is not so. */
char *rp_process_replaced(const char *path);

#endif
