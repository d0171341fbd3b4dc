/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/target.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/cleanup.h"
#include "util/error.h"

#define COMM_SIZE 16 /* TASK_COMM_LEN, its final NUL included */

/* In cgroup v2 the inode number of its directory is a cgroup's id (fs/kernfs/dir.c: kernfs_ino()).
 */
static struct rp_error *cgroup_id(const char *path, uint64_t *id) {
    struct statfs fs;
    struct stat status;
    if (statfs(path, &fs) || stat(path, &status))
        return rp_error_hint_set(
            rp_error_new(errno, NULL, "cannot use the cgroup %s", path),
            "use its directory, such as /sys/fs/cgroup/system.slice (systemd-cgls lists them)");
    if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(status.st_mode))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not the directory of a cgroup v2",
                         "cannot use the cgroup %s", path),
            "cgroups are directories below /sys/fs/cgroup (or /sys/fs/cgroup/unified); `mount -t "
            "cgroup2` shows where");
    *id = status.st_ino;
    return NULL;
}

static struct rp_error *comm_constants(const char *comm, uint64_t constants[2]) {
    if (!*comm || strlen(comm) >= COMM_SIZE)
        return rp_error_hint_set(rp_error_new(EINVAL, "a task's name has 1 to 15 bytes",
                                              "cannot trace tasks named %s", comm),
                                 "use the name that ps -o comm shows: at most the first 15 bytes");
    char name[COMM_SIZE] = "";
    snprintf(name, sizeof(name), "%s", comm);
    memcpy(constants, name, sizeof(name));
    return NULL;
}

bool rp_target_is_by_task(const struct rp_compile_opts *opts) {
    const struct rp_target *target = opts->target;
    return opts->any_target || (target && (target->has_uid || target->comm || target->cgroup));
}

struct rp_error *rp_target_constants(const struct rp_target *target,
                                     uint64_t constants[RP_TARGET_COUNT]) {
    memset(constants, 0, RP_TARGET_COUNT * sizeof(*constants));
    constants[RP_TARGET_PID] = (uint64_t)target->pid;
    if (target->has_uid)
        constants[RP_TARGET_UID] = 1ULL << 32 | target->uid;
    if (target->comm)
        RP_TRY(comm_constants(target->comm, &constants[RP_TARGET_COMM]));
    return target->cgroup ? cgroup_id(target->cgroup, &constants[RP_TARGET_CGROUP]) : NULL;
}
