/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary directories that no other user can put anything into, exchange or find a use for. */
#ifndef RP_UTIL_PRIVATE_DIR_H
#define RP_UTIL_PRIVATE_DIR_H

#include <stdbool.h>

/* Zeroed: there is none. */
struct rp_private_dir {
    char path[128];
    int lock; /* held while it is in use; gone with the process */
};

/* Makes PARENT/reprobe-PURPOSE.PID.XXXXXX and calls `fill`, which returns false with errno when it
 * fails. PARENT is the first of $XDG_RUNTIME_DIR, /dev/shm, $TMPDIR and /tmp that nobody but this
 * user and root can exchange, and where that works. Directories that a killed process left there
 * are removed. False with errno: it works nowhere. */
bool rp_private_dir_make(struct rp_private_dir *dir, const char *purpose,
                         bool (*fill)(void *ctx, const char *path), void *ctx);
/* Removes what killed processes left of that purpose. */
void rp_private_dirs_sweep(const char *purpose);
/* With all that is in it. */
void rp_private_dir_remove(struct rp_private_dir *dir);
/* All that there are, for a thread that ends the process: no other is made or removed from then on.
 */
void rp_private_dirs_remove(void);

/* Whether only this user and root can change what `path` leads to: they own each directory on the
 * way, and others can write to none of these, unless it is sticky, as /tmp is. */
bool rp_path_is_private(const char *path);
/* The same of the directories above, and `path` is this user's own regular file, which others
 * cannot write to; or it does not exist, and nobody else can make it. */
bool rp_file_is_private(const char *path);

#endif
