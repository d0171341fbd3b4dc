/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a known number of known things, for the tests to compare what was traced with.
 *   spawn COUNT [PROGRAM [ARG]...]
 *       runs PROGRAM (itself: does nothing) COUNT times, one after the other, and prints for each
 *       the row that execsnoop should: PID PPID COMM FILE
 *   spawn --failing COUNT PROGRAM
 *       the same of execs that fail: PID PPID COMM -ERRNO FILE
 *   spawn --calls COUNT
 *       calls getpgid() COUNT times and prints PID COUNT
 *   spawn --unlink FILE...
 *       unlinks each and prints PID ERRNO FILE
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's TASK_COMM_LEN without the final NUL. */
#define COMM_LEN 15

static char own_path[4096];

static const char *comm_of(const char *path) {
    static char comm[COMM_LEN + 1];
    const char *slash = strrchr(path, '/');
    snprintf(comm, sizeof(comm), "%.*s", COMM_LEN, slash ? slash + 1 : path);
    return comm;
}

/* Returns the errno of an exec that failed, else 0. The vfork()ed child shares our memory. */
static int run_one(char **argv, pid_t *pid) {
    volatile int failure = 0;
    *pid = vfork();
    if (*pid == 0) {
        execv(argv[0], argv);
        failure = errno;
        _exit(127);
    }
    if (*pid < 0) {
        perror("spawn: vfork");
        exit(1);
    }
    int status;
    while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
        ;
    return failure;
}

static int spawn(long count, char **argv, int failing) {
    pid_t pid, own = getpid();
    for (long i = 0; i < count; i++) {
        int failure = run_one(argv, &pid);
        if (!failure != !failing) {
            fprintf(stderr, "spawn: %s: %s\n", argv[0], strerror(failure));
            return 1;
        }
        if (failing)
            printf("%d %d %s %d %s\n", pid, own, comm_of(own_path), -failure, argv[0]);
        else
            printf("%d %d %s %s\n", pid, own, comm_of(argv[0]), argv[0]);
    }
    return 0;
}

static int call(long count) {
    for (long i = 0; i < count; i++)
        getpgid(0);
    printf("%d %ld\n", getpid(), count);
    return 0;
}

static int unlink_all(char **files) {
    for (; *files; files++)
        printf("%d %d %s\n", getpid(), unlink(*files) ? errno : 0, *files);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) < 0)
        return 1;
    if (argc > 2 && strcmp(argv[1], "--calls") == 0)
        return call(atol(argv[2]));
    if (argc > 2 && strcmp(argv[1], "--unlink") == 0)
        return unlink_all(argv + 2);
    if (argc > 3 && strcmp(argv[1], "--failing") == 0)
        return spawn(atol(argv[2]), argv + 3, 1);
    if (argc < 2) {
        fprintf(stderr, "usage: spawn [--failing] COUNT [PROGRAM [ARG]...] | --calls COUNT | "
                        "--unlink FILE...\n");
        return 2;
    }
    char exit_word[] = "exit", *self[] = {own_path, exit_word, NULL};
    return spawn(atol(argv[1]), argc > 2 ? argv + 2 : self, 0);
}
