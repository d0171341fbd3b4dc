/* SPDX-License-Identifier: Apache-2.0 */
#include "util/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/vec.h"

#define PREFIX "reprobe-"
#define TRIES  8

/* ------------------------------------------------------------------ whose it is */

static bool is_ours(const struct stat *st) {
    return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool others_write(const struct stat *st) {
    return st->st_mode & (S_IWGRP | S_IWOTH);
}

/* `path` has no links and is cut at its last '/', one by one. */
static bool are_private(char *path, bool sticky_will_do) {
    for (;;) {
        struct stat st;
        if (lstat(*path ? path : "/", &st) || !S_ISDIR(st.st_mode) || !is_ours(&st))
            return false;
        if (others_write(&st) && !(sticky_will_do && (st.st_mode & S_ISVTX)))
            return false;
        char *slash = strrchr(path, '/');
        if (!slash)
            return true;
        *slash = '\0';
        sticky_will_do = true; /* what is in it is ours, and nobody else can rename it */
    }
}

bool rp_path_is_private(const char *path) {
    char real[PATH_MAX];
    if (!realpath(path, real))
        return false;
    return are_private(strcmp(real, "/") == 0 ? real + 1 : real, true);
}

/* The directory that `path` is in. */
static bool is_in_private(const char *path, bool sticky_will_do) {
    char real[PATH_MAX], directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                          slash ? path : ".");
    if (length < 0 || (size_t)length >= sizeof(directory) || !realpath(directory, real))
        return false;
    return are_private(strcmp(real, "/") == 0 ? real + 1 : real, sticky_will_do);
}

bool rp_file_is_private(const char *path) {
    struct stat st;
    if (lstat(path, &st)) /* in a directory like /tmp somebody else could make it first */
        return errno == ENOENT && is_in_private(path, false);
    return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !others_write(&st) &&
           is_in_private(path, true);
}

/* ------------------------------------------------------------------ removing */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *path) {
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Those that exist. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static RP_VEC(struct rp_private_dir) made;

static void forget(const struct rp_private_dir *dir) {
    pthread_mutex_lock(&lock);
    for (size_t i = made.count; i-- > 0;)
        if (strcmp(made.items[i].path, dir->path) == 0)
            rp_vec_remove(&made, i);
    if (!made.count)
        rp_vec_clear(&made);
    pthread_mutex_unlock(&lock);
}

/* Another thread may still fill it, which ends with the process. */
#define REMOVE_TRIES 100

void rp_private_dirs_remove(void) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < made.count; i++)
        for (int tries = 0; tries < REMOVE_TRIES; tries++) {
            remove_all(made.items[i].path);
            if (access(made.items[i].path, F_OK) != 0)
                break;
        }
}

void rp_private_dir_remove(struct rp_private_dir *dir) {
    if (!dir->path[0])
        return;
    remove_all(dir->path);
    forget(dir);
    close(dir->lock);
    *dir = (struct rp_private_dir){0};
}

/* A descriptor that holds the lock of a directory of this user's; -1: another process has it, or it
 * is not one, or it is gone. */
static int lock_directory(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &st) || st.st_uid != geteuid() || !st.st_nlink) {
        close(fd);
        return -1;
    }
    return fd;
}

/* reprobe-PURPOSE.PID.XXXXXX, as make() names it. */
static bool is_ours_by_name(const char *name, const char *purpose) {
    size_t prefix = strlen(PREFIX), length = strlen(purpose);
    if (strncmp(name, PREFIX, prefix) != 0 || strncmp(name + prefix, purpose, length) != 0)
        return false;
    const char *pid = name + prefix + length;
    if (*pid++ != '.')
        return false;
    size_t digits = strspn(pid, "0123456789");
    return digits && pid[digits] == '.' && strlen(pid + digits + 1) == strlen("XXXXXX");
}

/* A directory outlives its process only if that was killed; then nobody has the lock. */
static void remove_stale(const char *parent, const char *purpose) {
    RP_AUTO_CLOSEDIR DIR *entries = opendir(parent);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
        if (!is_ours_by_name(entry->d_name, purpose) || length < 0 ||
            (size_t)length >= sizeof(path))
            continue;
        RP_AUTO_CLOSE int lock = lock_directory(path);
        if (lock >= 0)
            remove_all(path);
    }
}

/* ------------------------------------------------------------------ making */

/* It is remembered as soon as it is there: a signal may end the process at any time. */
static bool make_one(struct rp_private_dir *dir, const char *parent, const char *purpose) {
    snprintf(dir->path, sizeof(dir->path), "%s/" PREFIX "%s.%d.XXXXXX", parent, purpose, getpid());
    pthread_mutex_lock(&lock);
    bool is_made = mkdtemp(dir->path);
    if (is_made)
        rp_vec_push(&made, *dir); /* without memory it is removed when the next one is made */
    pthread_mutex_unlock(&lock);
    return is_made;
}

/* Another reprobe may take it for stale until it is locked. */
static bool make(struct rp_private_dir *dir, const char *parent, const char *purpose) {
    for (int i = 0; i < TRIES; i++) {
        if (!make_one(dir, parent, purpose))
            return false;
        dir->lock = lock_directory(dir->path);
        if (dir->lock >= 0)
            return true;
        rmdir(dir->path);
        forget(dir);
    }
    errno = EAGAIN;
    return false;
}

#define PARENTS 4

/* Where one may be; NULL: none. */
static const char *parent(size_t i) {
    const char *parents[PARENTS] = {getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("TMPDIR"),
                                    "/tmp"};
    const char *path = parents[i];
    return path && strlen(path) <= 64 && rp_path_is_private(path) ? path : NULL;
}

void rp_private_dirs_sweep(const char *purpose) {
    for (size_t i = 0; i < PARENTS; i++)
        if (parent(i))
            remove_stale(parent(i), purpose);
}

bool rp_private_dir_make(struct rp_private_dir *dir, const char *purpose,
                         bool (*fill)(void *ctx, const char *path), void *ctx) {
    int err = EACCES;
    for (size_t i = 0; i < PARENTS; i++) {
        const char *path = parent(i);
        *dir = (struct rp_private_dir){0};
        if (!path)
            continue;
        remove_stale(path, purpose);
        bool made = make(dir, path, purpose);
        if (made && fill(ctx, dir->path))
            return true;
        err = errno;
        if (made)
            rp_private_dir_remove(dir);
    }
    *dir = (struct rp_private_dir){0};
    errno = err;
    return false;
}
