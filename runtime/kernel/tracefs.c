/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/tracefs.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

#define TRACEFS "/sys/kernel/tracing"
#define DEBUGFS "/sys/kernel/debug"
/* The kernel mounts it on the first access, if debugfs is mounted. */
#define IN_DEBUGFS DEBUGFS "/tracing"

/* The f_type of a file system, for those that tracing needs. */
static long magic_of(const char *fstype) {
    static const struct {
        const char *fstype;
        long magic;
    } known[] = {{"tracefs", TRACEFS_MAGIC}, {"debugfs", DEBUGFS_MAGIC}, {"bpf", BPF_FS_MAGIC}};
    for (size_t i = 0; i < RP_COUNT(known); i++)
        if (!strcmp(known[i].fstype, fstype))
            return known[i].magic;
    return -1;
}

static bool is_mounted(const char *fstype, const char *path) {
    struct statfs fs;
    return statfs(path, &fs) == 0 && (long)fs.f_type == magic_of(fstype);
}

struct rp_error *rp_mount_if_missing(const char *fstype, const char *path) {
    if (is_mounted(fstype, path) || mount("nodev", path, fstype, 0, NULL) == 0)
        return NULL;
    int errnum = errno;
    const char *why = errnum == ENODEV   ? "this kernel does not have that file system"
                      : errnum == ENOENT ? "the directory does not exist"
                                         : NULL;
    struct rp_error *err = rp_error_new(errnum, why, "cannot mount %s on %s", fstype, path);
    if (errnum == ENODEV || errnum == ENOENT)
        return rp_error_hint_set(
            err, "use a kernel that has %s, or the lab: reprobe lab -- COMMAND", fstype);
    return rp_error_hint_set(err, "as root: mount -t %s nodev %s", fstype, path);
}

struct rp_error *rp_tracefs_path(const char **path) {
    if (is_mounted("tracefs", TRACEFS)) {
        *path = TRACEFS;
        return NULL;
    }
    /* Before Linux 4.1 it was a directory of debugfs. */
    if (is_mounted("tracefs", IN_DEBUGFS) || is_mounted("debugfs", IN_DEBUGFS)) {
        *path = IN_DEBUGFS;
        return NULL;
    }
    struct rp_error *err = rp_mount_if_missing("tracefs", TRACEFS);
    if (!err)
        *path = TRACEFS;
    return err;
}

const char *rp_tracefs_path_or_null(void) {
    const char *path;
    struct rp_error *err = rp_tracefs_path(&path);
    rp_error_free(err);
    return err ? NULL : path;
}

bool rp_tracefs_is_denied(void) {
    const char *root = rp_tracefs_path_or_null();
    RP_AUTO_FREE char *events = NULL;
    if (!root || asprintf(&events, "%s/events", root) < 0)
        return false;
    return access(events, R_OK | X_OK) != 0 && errno == EACCES;
}

/* Calls `each` with the part of every line of a file before the first character of `end`. */
static struct rp_error *each_line(const char *name, const char *end,
                                  bool (*each)(void *ctx, const char *line), void *ctx) {
    const char *root;
    RP_TRY(rp_tracefs_path(&root));
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    if (!file) {
        int errnum = errno;
        RP_AUTO_FREE char *why = NULL;
        if (asprintf(&why, "cannot read %s (%s)", path, strerror(errnum)) < 0)
            why = NULL;
        return rp_error_hint_set(rp_error_new(errnum, why, "cannot list tracepoints"),
                                 "run as root (sudo)");
    }
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) > 0) {
        line[strcspn(line, end)] = '\0';
        if (!each(ctx, line))
            break;
    }
    return NULL;
}

struct rp_error *rp_tracefs_each_event(bool (*each)(void *ctx, const char *event), void *ctx) {
    return each_line("available_events", "\n", each, ctx);
}

struct named {
    bool (*each)(void *ctx, const char *function);
    void *ctx;
};

/* ftrace's name for locations that the linker left without a function. */
static bool pass_named(void *ctx, const char *line) {
    const struct named *named = ctx;
    return !strncmp(line, "__ftrace_invalid_address", 24) || named->each(named->ctx, line);
}

/* Lines are "NAME" or "NAME [MODULE]". */
struct rp_error *rp_tracefs_each_function(bool (*each)(void *ctx, const char *function),
                                          void *ctx) {
    struct named named = {each, ctx};
    return each_line("available_filter_functions", " \n", pass_named, &named);
}

/* One component of a path, and not the way up. */
static bool is_plain(const char *name) {
    return *name && *name != '.' && !strchr(name, '/');
}

char *rp_tracefs_event_format(const char *category, const char *name) {
    const char *root = NULL;
    char *text = NULL;
    struct rp_error *err = rp_tracefs_path(&root);
    if (!err && is_plain(category) && is_plain(name)) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/events/%s/%s/format", root, category, name);
        err = rp_file_read(path, &text);
    }
    if (err)
        text = NULL;
    rp_error_free(err);
    return text;
}

static bool shows_syscalls(void) {
    const char *root = rp_tracefs_path_or_null();
    RP_AUTO_FREE char *events = NULL;
    return root && asprintf(&events, "%s/events/syscalls", root) > 0 &&
           access(events, R_OK | X_OK) == 0;
}

char *rp_event_format(const char *category, const char *name) {
    char *format = rp_tracefs_event_format(category, name);
    return format || strcmp(category, "syscalls") != 0 || shows_syscalls()
               ? format
               : rp_syscall_event_format(name);
}

const char *rp_event_next_field(const char *format) {
    static const char mark[] = "\tfield:";
    const char *at = format ? strstr(format, mark) : NULL;
    return at ? at + strlen(mark) : NULL;
}
