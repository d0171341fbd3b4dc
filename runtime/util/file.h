/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_FILE_H
#define RP_UTIL_FILE_H

#include "reprobe.h"

#include <stdio.h>
#include <sys/stat.h>

/* Why somebody else can change the file: "others can write to it", "it belongs to another user";
 * NULL: nobody can. Root trusts root, and the user who became root by sudo. `writable` has the bits
 * of the mode (S_IWGRP, S_IWOTH) that count. */
const char *rp_file_distrust(const struct stat *st, mode_t writable);

/* Whether it is the same file, as it was: nobody has written to it since. */
bool rp_file_is_same(const struct stat *now, const struct stat *before);

/* The largest text that is read. */
#define RP_FILE_MAX (16u << 20)

/* Reads the whole file as text and adds a NUL; *text is malloc()ed. Refuses a file that contains a
 * NUL byte (EINVAL): it is not C; or is larger than RP_FILE_MAX. "-" is standard input. */
struct rp_error *rp_file_read(const char *path, char **text);

/* /proc/PID/NAME, to be read; NULL with errno. `pid` is as /proc calls it. */
FILE *rp_file_of_process(pid_t pid, const char *name);
/* A path as /proc/PID/maps shows it, for the process itself: a part of `path`. Of a process in a
 * root of its own (chroot(2)) it begins with that root, where that is in a folder of ours, or where
 * we are in another such root and the process has mounts of its own. */
const char *rp_path_behind_root(pid_t pid, const char *path);

/* The bytes of a regular file, from its beginning, malloc()ed with one more byte behind them; NULL
 * with errno. */
void *rp_file_bytes(int fd, size_t *size);

/* Makes the directory, and those above it that do not exist, for this user only. Makes none in a
 * directory of another user but root, such as the home that sudo may leave in $HOME. False with
 * errno if there is no such directory afterwards. */
bool rp_file_make_directory(const char *path);

#endif
