/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written beside its place: what was there stays until all is written, and whoever
 * reads it finds it whole. */
#ifndef RP_UTIL_REPLACE_H
#define RP_UTIL_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

struct rp_error;

struct rp_replacement {
    int fd;              /* what to write to */
    char *path, *beside; /* `beside`: NULL where it is written in its place */
};

/* A regular file, or none, is replaced, with the mode that it has or `mode` without the umask's
 * bits. A device, a FIFO and the like stay, and are written to. A symbolic link is replaced, and
 * refused if it leads to a device or the like; with `follows`, it is what it leads to. Of an error
 * the caller says what failed. */
struct rp_error *rp_replace_begin(struct rp_replacement *r, const char *path, mode_t mode,
                                  bool follows);
/* Takes its place, unless `err` says that it is not whole: then it is removed. Returns `err`, or
 * why it cannot take it. Closes the descriptor. */
struct rp_error *rp_replace_end(struct rp_replacement *r, struct rp_error *err);

#endif
