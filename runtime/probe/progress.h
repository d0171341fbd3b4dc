/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever waits while many matches are attached, one by one, is told how far that is, and may end
 * it.
 */
#ifndef RP_PROBE_PROGRESS_H
#define RP_PROBE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* False: no more are to be attached. */
typedef bool (*rp_progress_fn)(void *ctx, size_t done, size_t count);
/* From now on it is called after each match of a pattern; NULL: none is. There is one session at a
 * time, and so one of these. */
void rp_progress_set(rp_progress_fn fn, void *ctx);
/* `done` of `count` are attached: whether it goes on. */
bool rp_progress(size_t done, size_t count);

#endif
