/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions an instruction is of: the one whose code it is, and those that the compiler has
 * put into it there. */
#ifndef RP_DEBUG_FRAMES_H
#define RP_DEBUG_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct rp_frame {
    char *name;
    char *file; /* where it is in there; or NULL, and 0 */
    unsigned line;
};

/* The innermost first; the last one is that whose code it is. */
struct rp_frame_list {
    struct rp_frame *items;
    size_t count;
};

struct rp_frames;

/* Of a program or library, whose descriptor stays the caller's. NULL: nothing on this machine
 * tells, or anybody but root and this user could have written what tells. */
struct rp_frames *rp_frames_open(int fd);
/* `frames` may be NULL. */
void rp_frames_free(struct rp_frames *frames);
/* At the address, as the file counts them; NULL: nothing tells. Owned by `frames`. */
const struct rp_frame_list *rp_frames_at(struct rp_frames *frames, uint64_t address);

#endif
