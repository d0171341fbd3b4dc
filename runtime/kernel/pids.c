/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/pids.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/walk.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/vec.h"

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: of the namespace that the kernel starts with. */
#define FIRST_PID_NAMESPACE 0xeffffffcU
#define LOOK_AGAIN_MS       1000

bool rp_pids_are_kernels(void) {
    static enum { NOT_YET, SAME, OTHER } state;
    struct stat st;
    if (state == NOT_YET)
        state =
            stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == FIRST_PID_NAMESPACE ? SAME : OTHER;
    return state == SAME;
}

/* ------------------------------------------------------------------ ours to the kernel's */

/* fs/proc/internal.h: the inode of /proc/PID is in a proc_inode, which has its struct pid, and the
 * first of that one's numbers is the first namespace's. */
static struct rp_walk to_number(void) {
    struct rp_walk walk = rp_walk_to_file();
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "file", "f_inode"));
    rp_walk_add_step(&walk, rp_walk_offset(&walk, "proc_inode", "pid") -
                                rp_walk_offset(&walk, "proc_inode", "vfs_inode"));
    rp_walk_add_number(
        &walk, rp_walk_offset(&walk, "pid", "numbers") + rp_walk_offset(&walk, "upid", "nr"),
        sizeof(int));
    return walk;
}

static int program(void) {
    static int loaded = -1;
    if (loaded < 0) {
        const struct rp_walk walk = to_number();
        loaded = rp_walk_load(&walk);
    }
    return loaded;
}

/* 0 if it is not there, or cannot be read. */
static pid_t kernels_number(pid_t ours) {
    char path[32];
    uint64_t number;
    snprintf(path, sizeof(path), "/proc/%d", ours);
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && rp_walk_run(program(), fd, &number) ? (pid_t)number : 0;
}

static bool proc_is_ours(void) {
    char self[16];
    ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);
    if (length < 0)
        return false;
    self[length] = '\0';
    return atoi(self) == getpid();
}

struct rp_error *rp_pid_of_kernel(pid_t ours, pid_t *kernels) {
    *kernels = ours;
    if (!ours || rp_pids_are_kernels())
        return NULL;
    if (!proc_is_ours())
        return rp_error_hint_set(rp_error_new(EINVAL,
                                              "/proc is of another PID namespace than this process",
                                              "cannot trace process %d", ours),
                                 "mount this one's: mount -t proc proc /proc");
    *kernels = kernels_number(ours);
    if (*kernels)
        return NULL;
    if (program() >= 0)
        return rp_error_new(ESRCH, NULL, "cannot trace process %d", ours);
    return rp_error_hint_set(
        rp_error_new(
            EPERM,
            "this is a PID namespace, and a program that asks the kernel for its own number "
            "of the process cannot be loaded",
            "cannot trace process %d", ours),
        "run it in the first namespace (as docker run --pid=host), or trace by --comm or --cgroup");
}

/* ------------------------------------------------------------------ the kernel's to ours */

/* A number of the kernel's that was asked for. */
struct known {
    pid_t kernels, ours;
    uint64_t looked_ns;
};

static RP_VEC(struct known) all; /* until the process ends */

/* Looks through /proc. */
static pid_t look_for(pid_t kernels) {
    pid_t found = 0;
    RP_AUTO_CLOSEDIR DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));)
        if (isdigit((unsigned char)*entry->d_name) &&
            kernels_number(atoi(entry->d_name)) == kernels)
            found = atoi(entry->d_name);
    return found;
}

static struct known *known_as(pid_t kernels) {
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].kernels == kernels)
            return &all.items[i];
    struct known *known = rp_vec_add(&all);
    if (known)
        *known = (struct known){.kernels = kernels};
    return known;
}

pid_t rp_pid_here(pid_t kernels) {
    if (kernels <= 0 || rp_pids_are_kernels())
        return kernels;
    struct known *known = known_as(kernels);
    if (!known)
        return 0;
    /* Its number may be another process's by now. */
    if (known->ours && kernels_number(known->ours) == kernels)
        return known->ours;
    if (known->looked_ns && rp_ms_since(known->looked_ns) < LOOK_AGAIN_MS)
        return 0;
    known->looked_ns = rp_now_ns();
    known->ours = look_for(kernels);
    return known->ours;
}

bool rp_pid_has_ended(pid_t kernels) {
    pid_t here = rp_pid_here(kernels);
    return !here || (kill(here, 0) && errno == ESRCH);
}
