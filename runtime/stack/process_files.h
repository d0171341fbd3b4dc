/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a traced process are read for names: a process can name a FIFO, or another user's
 * file, to stop or mislead the tracer. */
#ifndef RP_STACK_PROCESS_FILES_H
#define RP_STACK_PROCESS_FILES_H

#include <sys/types.h>

struct rp_digest;

/* While libbcc reads files of a process: an open() that blocks (a file was exchanged for a FIFO
 * just now) fails with EINTR after some 300 ms. Nothing else in this thread may use SIGALRM
 * meanwhile. */
void rp_process_files_begin(void);
void rp_process_files_end(void);

/* Adds the state of the process's perf map, if that is read: a just-in-time compiler adds names to
 * it while its code stays where it is mapped. */
void rp_process_files_digest_perf_map(pid_t pid, struct rp_digest *digest);

#endif
