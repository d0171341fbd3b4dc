/* SPDX-License-Identifier: Apache-2.0 */
/* A check on this kernel. */
#include "course/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "course/places.h"
#include "course/spawn.h"
#include "kernel/features.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/private_dir.h"

#define RUN_SECONDS  20          /* where the lesson does not say */
#define LAB_SLOWNESS 6           /* an emulated machine is that many times slower */
#define OUTPUT_LIMIT (16u << 20) /* bytes */

static void remove_directory(struct rp_private_dir *dir) {
    rp_private_dir_remove(dir);
}

static bool write_program(void *ctx, const char *path) {
    const struct submission *submission = ctx;
    RP_AUTO_FREE char *file = rp_text("%s/%s", path, submission->name);
    RP_AUTO_CLOSE int fd = file ? open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    size_t size = strlen(submission->text);
    return fd >= 0 && write(fd, submission->text, size) == (ssize_t)size;
}

/* The workload's NAME=VALUE lines; none if it did not come so far. */
static struct rp_error *read_facts(const char *path, char **facts) {
    struct rp_error *err = access(path, R_OK) ? NULL : rp_file_read(path, facts);
    if (!err && !*facts)
        *facts = strdup("");
    return err || *facts ? err : rp_error_nomem();
}

static unsigned run_seconds(const struct lesson *lesson) {
    return lesson->seconds ? lesson->seconds : RUN_SECONDS;
}

unsigned check_seconds(const struct lesson *lesson) {
    return run_seconds(lesson) * LAB_SLOWNESS + 30;
}

/* Whether this machine is the lab's. */
static bool is_lab(void) {
    return access("/run/reprobe-lab", F_OK) == 0;
}

#define CGROUPS "/sys/fs/cgroup"
#define CGROUP  CGROUPS "/course"

static bool write_to(const char *path, const char *text) {
    RP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* In the lab, what a check starts has a limit of processes, and is ended as a whole (cgroup.kill:
 * Linux 5.14). */
static struct rp_error *limit_processes(const char **cgroup) {
    *cgroup = NULL;
    if (!is_lab())
        return NULL;
    if (!write_to(CGROUPS "/cgroup.subtree_control", "+pids") ||
        (mkdir(CGROUP, 0755) && errno != EEXIST) || !write_to(CGROUP "/pids.max", "512"))
        return rp_error_new(errno, NULL, "cannot limit the processes of a check");
    *cgroup = CGROUP;
    return NULL;
}

struct command {
    RP_VEC(const char *);
};

/* What runs the program, beside the workload: reprobe run, or the lesson's runner does. */
static struct rp_error *make_command(const struct submission *submission, struct command *argv) {
    const struct lesson *lesson = submission->lesson;
    const char *first[] = {"/proc/self/exe", "run", "--json", "--read-only"};
    const char *workload[] = {"-c", "exec \"$COURSE_LESSON/$COURSE_WORKLOAD\""};
    const char *last[] = {submission->name, NULL};
    bool ok = lesson->runner ? rp_vec_push(argv, getenv("COURSE_RUNNER"))
                             : rp_vec_append(argv, first, lesson->changes ? 3 : 4);
    for (size_t i = 0; i < lesson->options.count; i++)
        ok = ok && rp_vec_push(argv, lesson->options.items[i]);
    if (!lesson->runner)
        ok = ok && rp_vec_append(argv, workload, 2);
    return ok && rp_vec_append(argv, last, 2) ? NULL : rp_error_nomem();
}

static struct rp_error *run(const struct submission *submission, const char *directory,
                            struct spawned *spawned) {
    const struct lesson *lesson = submission->lesson;
    struct command argv = {0};
    const char *cgroup = NULL;
    struct rp_error *err = make_command(submission, &argv);
    if (!err)
        err = limit_processes(&cgroup);
    const struct spawn spawn = {.argv = argv.items,
                                .cgroup = cgroup,
                                .directory = directory,
                                .input = -1,
                                .group = lesson->runner,
                                .seconds = run_seconds(lesson) * (is_lab() ? LAB_SLOWNESS : 1),
                                .limit = OUTPUT_LIMIT};
    if (!err)
        err = spawn_run(&spawn, spawned);
    if (spawn.cgroup)
        write_to(CGROUP "/cgroup.kill", "1");
    rp_vec_clear(&argv);
    return err;
}

/* Beside what is there already, which comes first. */
static bool add_library(void) {
    const char *own = getenv("PKG_CONFIG_PATH");
    RP_AUTO_FREE char *library = places_library();
    RP_AUTO_FREE char *path =
        rp_text("%s%s%s", own ? own : "", own ? ":" : "", library ? library : "");
    return path && (!library || !setenv("PKG_CONFIG_PATH", path, 1));
}

/* For workloads and runners; what a runner finds is in docs/design/course.md. */
static bool set_environment(const struct lesson *lesson, const char *facts) {
    RP_AUTO_FREE char *program = places_program();
    RP_AUTO_FREE char *runner =
        rp_text("%s/%s", lesson->path, lesson->runner ? lesson->runner : "");
    return program && runner && !setenv("COURSE_LESSON", lesson->path, 1) &&
           !setenv("COURSE_WORKLOAD", lesson->workload, 1) && !setenv("COURSE_FACTS", facts, 1) &&
           !setenv("COURSE_REPROBE", program, 1) && !setenv("COURSE_RUNNER", runner, 1) &&
           (!lesson->runner || add_library());
}

/* The student's file has no directory: what is said of it does without the check's own. */
static void forget_directory(char *said, const char *directory) {
    const char *name = strrchr(directory, '/') + 1;
    size_t length = strlen(name) + 1;
    for (char *at = said; (at = strstr(at, name));) {
        char *begin = at;
        if (at[length - 1] != '/') {
            at += length - 1;
            continue;
        }
        while (begin > said && !strchr(" \n\t'\"`", begin[-1]))
            begin--;
        memmove(begin, at + length, strlen(at + length) + 1);
        at = begin;
    }
}

static struct rp_error *judge(const struct submission *submission, const struct spawned *spawned,
                              const char *facts, struct verdict *out) {
    const struct seen seen = {.rows = spawned->out,
                              .said = spawned->err,
                              .facts = facts,
                              .program = submission->text,
                              .ran = spawned->end == SPAWN_ENDED && spawned->status == 0};
    RP_TRY(verdict_of(submission->lesson, &seen, out));
    if (spawned->end == SPAWN_ENDED)
        return NULL;
    out->outcome = OUTCOME_ENDED;
    free(out->advice);
    out->advice =
        strdup(spawned->end == SPAWN_LATE
                   ? "It took too long and was ended. Does it compile at all, and does it "
                     "send no more than the lesson asks for?"
                   : "It printed without end and was ended. Is it about the workload's "
                     "own events? is_target() tells them from all others.");
    return out->advice ? NULL : rp_error_nomem();
}

struct rp_error *check_here(const struct submission *submission, struct verdict *out) {
    __attribute__((cleanup(remove_directory))) struct rp_private_dir dir = {0};
    if (!rp_private_dir_make(&dir, "course", write_program, (void *)submission))
        return rp_error_new(errno, NULL, "cannot make a directory for the check");
    RP_AUTO_FREE char *path = rp_text("%s/facts", dir.path);
    RP_AUTO_FREE char *facts = NULL;
    struct spawned spawned = {0};
    if (!path || !set_environment(submission->lesson, path))
        return rp_error_nomem();
    struct rp_error *err = run(submission, dir.path, &spawned);
    if (!err)
        forget_directory(spawned.err, dir.path);
    if (!err)
        err = read_facts(path, &facts);
    if (!err)
        err = judge(submission, &spawned, facts, out);
    spawned_clear(&spawned);
    return err;
}

static bool can_be_here(const struct lesson *lesson) {
    struct rp_error *err = rp_kernel_usable();
    bool can = !err && (!lesson->needs_kprobes || rp_kernel_has_kprobes());
    rp_error_free(err);
    return can;
}

enum place check_place(const struct lesson *lesson, enum place wish) {
    if (wish != PLACE_BEST)
        return wish;
    return can_be_here(lesson) ? PLACE_HERE : PLACE_LAB;
}
