/* SPDX-License-Identifier: Apache-2.0 */
#include "util/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"

const char *rp_file_distrust(const struct stat *st, mode_t writable) {
    const char *sudo = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
    bool is_trusted = st->st_uid == geteuid() || st->st_uid == 0 ||
                      (sudo && *sudo && st->st_uid == (uid_t)strtoul(sudo, NULL, 10));
    if (!is_trusted)
        return "it belongs to another user";
    return st->st_mode & writable ? "others can write to it" : NULL;
}

bool rp_file_is_same(const struct stat *now, const struct stat *before) {
    return now->st_dev == before->st_dev && now->st_ino == before->st_ino &&
           now->st_size == before->st_size && now->st_mtim.tv_sec == before->st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* The size is known when the end comes: of a pipe, nobody knows it before. */
static struct rp_error *copy(FILE *file, FILE *out) {
    char chunk[16384];
    size_t got, size = 0;
    while (size <= RP_FILE_MAX && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        size += fwrite(chunk, 1, got, out);
    if (size > RP_FILE_MAX)
        return rp_error_new(EFBIG, "it has more than 16 MiB", "cannot read it");
    return ferror(file) ? rp_error_new(errno, NULL, "cannot read it") : NULL;
}

struct rp_error *rp_file_read(const char *path, char **text) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (!file)
        return rp_error_new(errno, NULL, "cannot read %s", path);
    RP_AUTO_FREE char *whole = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&whole, &size);
    struct rp_error *err = out ? copy(file, out) : NULL;
    if (!is_stdin)
        fclose(file);
    if (!out || fclose(out) || !whole) {
        rp_error_free(err);
        return rp_error_nomem();
    }
    if (err)
        return rp_error_what_set(err, "cannot read %s", path);
    if (strlen(whole) != size)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not text: it contains a NUL byte", "cannot read %s", path),
            "it has to be text: the C source of a program, or the commands of a script");
    *text = rp_take(whole);
    return NULL;
}

void *rp_file_bytes(int fd, size_t *size) {
    struct stat st;
    if (fstat(fd, &st))
        return NULL;
    *size = (size_t)st.st_size;
    char *bytes = malloc(*size + 1);
    for (size_t done = 0; bytes && done < *size;) {
        ssize_t got = pread(fd, bytes + done, *size - done, (off_t)done);
        if (got <= 0) {
            errno = got ? errno : EIO; /* it was cut meanwhile */
            free(rp_take(bytes));
            break;
        }
        done += (size_t)got;
    }
    return bytes;
}

static bool make_one(const char *parent, const char *path) {
    struct stat st;
    if (stat(path, &st) == 0)
        return true;
    if (stat(parent, &st))
        return false;
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        errno = EACCES;
        return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool rp_file_make_directory(const char *path) {
    char parent[PATH_MAX], next[PATH_MAX];
    bool made = true;
    snprintf(parent, sizeof(parent), "%s", *path == '/' ? "/" : ".");
    for (const char *end = path; made && *end; snprintf(parent, sizeof(parent), "%s", next)) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(next, sizeof(next), "%.*s", (int)(end - path), path);
        made = make_one(parent, next);
    }
    return made;
}

FILE *rp_file_of_process(pid_t pid, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return fopen(path, "re");
}

const char *rp_path_behind_root(pid_t pid, const char *path) {
    char link[64], root[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/%d/root", pid);
    ssize_t length = readlink(link, root, sizeof(root));
    bool is_behind = length > 0 && !strncmp(path, root, (size_t)length) && path[length] == '/';
    return is_behind ? path + length : path;
}
