/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/process_root.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

static pid_t target; /* the process of -p; 0: none */
static pid_t whose;  /* the same, where it has files of its own */

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool differs(pid_t pid, const char *what) {
    char theirs[64], ours[64];
    struct stat a, b;
    snprintf(theirs, sizeof(theirs), "/proc/%d/%s", pid, what);
    snprintf(ours, sizeof(ours), "/proc/self/%s", what);
    return !stat(theirs, &a) && !stat(ours, &b) && !is_same(&a, &b);
}

void rp_process_root_set(pid_t pid) {
    target = pid;
    whose = pid && (differs(pid, "ns/mnt") || differs(pid, "root")) ? pid : 0;
}

pid_t rp_process_root(void) {
    return whose;
}

/* ------------------------------------------------------------------ one path */

/* In the process's root, where its symbolic links lead, too. */
static int open_there(const char *path) {
    char folder[64];
    snprintf(folder, sizeof(folder), "/proc/%d/%s", whose, *path == '/' ? "root" : "cwd");
    RP_AUTO_CLOSE int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = *path == '/' ? RESOLVE_IN_ROOT : 0};
    return dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static bool read_link(const char *link, char path[PATH_MAX]) {
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The file's path for us: in /proc, or where the root is a folder of ours. */
static char *path_of(int fd) {
    char link[64], there[PATH_MAX];
    struct stat file, found;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (!read_link(link, there) || fstat(fd, &file) || !S_ISREG(file.st_mode))
        return NULL;
    RP_AUTO_FREE char *in_root =
        rp_text("/proc/%d/root%s", whose, rp_path_behind_root(whose, there));
    if (in_root && !stat(in_root, &found) && is_same(&file, &found))
        return rp_take(in_root);
    return !stat(there, &found) && is_same(&file, &found) ? strdup(there) : NULL;
}

static char *find_path(const char *path) {
    RP_AUTO_CLOSE int fd = open_there(path);
    return fd < 0 ? NULL : path_of(fd);
}

/* ------------------------------------------------------------------ names */

static char *find_program(const char *name) {
    const char *path = getenv("PATH");
    RP_AUTO_FREE char *folders = strdup(path ? path : "/usr/bin:/bin");
    char *rest = folders, *found = NULL;
    for (char *folder; rest && !found && (folder = strsep(&rest, ":"));) {
        RP_AUTO_FREE char *one = *folder == '/' ? rp_text("%s/%s", folder, name) : NULL;
        found = one ? find_path(one) : NULL;
    }
    return found;
}

/* Whether "c" or "libc.so.6" is the file libc.so.6. */
static bool is_library(const char *file, const char *name) {
    size_t length = strlen(name);
    if (!strcmp(file, name))
        return true;
    return !strncmp(file, "lib", 3) && !strncmp(file + 3, name, length) &&
           (!strncmp(file + 3 + length, ".so", 3) || file[3 + length] == '-');
}

/* What the process has loaded is the one that it uses. */
static char *find_library(const char *name) {
    RP_AUTO_FCLOSE FILE *maps = rp_file_of_process(whose, "maps");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    while (maps && getline(&line, &size, maps) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *file = strchr(line, '/'), *slash = file ? strrchr(file, '/') : NULL;
        if (slash && is_library(slash + 1, name))
            return find_path(rp_path_behind_root(whose, file));
    }
    return NULL;
}

char *rp_process_root_find(const char *name) {
    if (strchr(name, '/'))
        return find_path(name);
    char *found = find_program(name);
    return found ? found : find_library(name);
}

/* ------------------------------------------------------------------ files that are gone */

/* Where it has loaded the file that was at the path; NULL: none, or the one that is there. */
static char *find_loaded(const char *path) {
    static const char gone[] = " (deleted)";
    RP_AUTO_FCLOSE FILE *maps = rp_file_of_process(target, "maps");
    RP_AUTO_FREE char *line = NULL, *found = NULL;
    size_t size = 0, length = strlen(path);
    while (maps && getline(&line, &size, maps) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *file = strchr(line, '/');
        if (!file || strncmp(file, path, length) != 0)
            continue;
        if (!file[length])
            return NULL;
        line[strcspn(line, " ")] = '\0';
        if (!found && !strcmp(file + length, gone))
            found = rp_text("/proc/%d/map_files/%s", target, line);
    }
    return rp_take(found);
}

char *rp_process_replaced(const char *path) {
    char exe[64];
    struct stat running, loaded;
    RP_AUTO_FREE char *found = target && !whose ? find_loaded(path) : NULL;
    snprintf(exe, sizeof(exe), "/proc/%d/exe", target);
    if (found && !stat(exe, &running) && !stat(found, &loaded) && is_same(&running, &loaded))
        return strdup(exe);
    return rp_take(found);
}
