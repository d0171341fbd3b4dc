/* SPDX-License-Identifier: Apache-2.0 */
/* Captures what libbcc and clang write to standard error and output. */
#ifndef RP_UTIL_CAPTURE_H
#define RP_UTIL_CAPTURE_H

struct rp_capture {
    int memfd, saved_out, saved_err;
};

/* From here to rp_capture_end() the process's stdout and stderr go to memory. Always returns a
 * capture that can be ended; it captures nothing if it cannot make a memory file. */
struct rp_capture rp_capture_begin(void);
/* Restores both; returns what was written, malloc()ed, never NULL unless out of memory. */
char *rp_capture_end(struct rp_capture *capture);

#endif
