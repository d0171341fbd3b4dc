/* SPDX-License-Identifier: Apache-2.0 */
/* Closes descriptors in the background, where closing one means to wait for the kernel. */
#ifndef RP_UTIL_CLOSER_H
#define RP_UTIL_CLOSER_H

#include <stddef.h>

struct rp_closer;

/* Takes `fds`, malloc()ed, and closes all of them, many at a time. NULL where it could not be left
 * to threads: then it is done. */
struct rp_closer *rp_closer_start(int *fds, size_t count);
/* Returns when all of them are closed, and ends the closer. NULL is allowed. */
void rp_closer_wait(struct rp_closer *closer);

#endif
