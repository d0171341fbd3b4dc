/* SPDX-License-Identifier: Apache-2.0 */
/* Closes descriptors in the background, if closing one means waiting for the kernel. */
#ifndef RP_UTIL_CLOSER_H
#define RP_UTIL_CLOSER_H

#include <stddef.h>

struct rp_closer;

/* Takes `fds`, malloc()ed, and closes all of them, many at a time. NULL if it cannot use threads:
 * then they are closed already. */
struct rp_closer *rp_closer_start(int *fds, size_t count);
/* Waits until all of them are closed, and frees the closer. NULL is allowed. */
void rp_closer_wait(struct rp_closer *closer);

#endif
