/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/embedded.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

const char *const rp_tree_always[] = {
    "uapi/linux/bpf.h", "uapi/linux/if_packet.h", "uapi/linux/if_ether.h",
    "linux/version.h",  "linux/log2.h",           "asm/page.h",
    "linux/types.h",    "linux/bpf_common.h",     NULL};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void rp_tree_remove(struct rp_tree *tree) {
    if (tree->path[0])
        nftw(tree->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    tree->path[0] = '\0';
}

/* A tree outlives its process only if the process was killed during a compile. */
static void remove_stale(const char *base) {
    RP_AUTO_CLOSEDIR DIR *dir = opendir(base);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        int pid;
        struct stat st;
        struct rp_tree stale;
        if (sscanf(entry->d_name, "reprobe-tree.%d.", &pid) != 1 || kill(pid, 0) == 0 ||
            errno != ESRCH)
            continue;
        int len = snprintf(stale.path, sizeof(stale.path), "%s/%s", base, entry->d_name);
        if (len > 0 && (size_t)len < sizeof(stale.path) && lstat(stale.path, &st) == 0 &&
            S_ISDIR(st.st_mode) && st.st_uid == geteuid())
            rp_tree_remove(&stale);
    }
}

static bool make_directory_of(const char *path) {
    char directory[PATH_MAX];
    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
    return rp_file_make_directory(directory);
}

static int write_file(const char *tree, const char *name, const char *text) {
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", tree, name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    int fd = open(path, flags, 0600);
    if (fd < 0 && errno == ENOENT && make_directory_of(path))
        fd = open(path, flags, 0600);
    if (fd < 0)
        return -1;
    size_t size = strlen(text);
    ssize_t put = size ? write(fd, text, size) : 0;
    int err = put == (ssize_t)size ? 0 : -1;
    close(fd);
    return err;
}

static int write_stub(const char *tree, const char *include) {
    char name[512];
    if (include[0] == '/' || strstr(include, ".."))
        return 0; /* it cannot be in the tree: the compiler says what is wrong with it */
    int len = snprintf(name, sizeof(name), "include/%s", include);
    return len > 0 && (size_t)len < sizeof(name) ? write_file(tree, name, "") : 0;
}

static int fill(const char *tree, const char *base, const char *types,
                const struct rp_names *includes) {
    for (size_t i = 0; rp_tree_always[i]; i++)
        if (write_stub(tree, rp_tree_always[i]))
            return -1;
    for (size_t i = 0; i < includes->count; i++)
        if (write_stub(tree, includes->items[i]))
            return -1;
    return write_file(tree, "include/linux/kconfig.h", base) ||
                   write_file(tree, "include/reprobe-types.h", types) ||
                   write_file(tree, RP_TREE_OWN "/" RP_CALLBACK_HEADER, rp_embedded_callback_h)
               ? -1
               : 0;
}

struct rp_error *rp_tree_create(struct rp_tree *tree, const char *base, const char *types,
                                const struct rp_names *includes) {
    const char *dirs[] = {getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
    int err = ENOENT;
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        if (!dirs[i] || strlen(dirs[i]) > 64)
            continue;
        remove_stale(dirs[i]);
        snprintf(tree->path, sizeof(tree->path), "%s/reprobe-tree.%d.XXXXXX", dirs[i], getpid());
        if (mkdtemp(tree->path) && fill(tree->path, base, types, includes) == 0)
            return NULL;
        err = errno;
        rp_tree_remove(tree);
    }
    return rp_error_hint_set(
        rp_error_new(err, NULL, "cannot write the temporary headers for the compiler"),
        "free some space in /tmp, or set TMPDIR to a directory you can write to");
}

struct rp_error *rp_tree_add(const struct rp_tree *tree, const char *name, const char *text,
                             char **path) {
    if (write_file(tree->path, name, text))
        return rp_error_new(errno, NULL, "cannot write %s/%s", tree->path, name);
    if (asprintf(path, "%s/%s", tree->path, name) < 0)
        return rp_error_nomem();
    return NULL;
}
