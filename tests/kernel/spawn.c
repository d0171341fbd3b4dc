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
 *   spawn --open FILE...
 *       opens each for reading by openat() and, where there are these, open() and openat2(), and
 *       prints for each call the row that opensnoop should: PID COMM FD ERRNO FILE; of a FILE that
 *       is "", a null pointer
 *   spawn --create FILE...
 *       creates each by creat(), where there is this, and opens it by openat2() without a struct
 *       open_how, and prints for each call PID COMM FD ERRNO FLAGS FILE
 *   spawn --kill SIGNAL...
 *       sends each to itself, where it is blocked, by kill(), tkill() and tgkill(), and then to a
 *       process that cannot be, and prints for each call PID COMM SIGNAL RECEIVER -ERRNO
 *   spawn --outlived CODE
 *       prints PID; its main thread ends, and a quarter of a second later another one, with this
 * code spawn --thread-exec PROGRAM prints PID; a thread that is not the main one runs PROGRAM spawn
 * --threads COUNT starts so many threads, one after the other, and prints PID TID of each
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

static int call(char **args) {
    long count = atol(args[0]);
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

/* Prints what a call that opens `file` gave, and closes it. */
static void opened(long fd, const char *file) {
    printf("%d %s %ld %d %s\n", getpid(), comm_of(own_path), fd, fd < 0 ? errno : 0, file);
    if (fd >= 0)
        close((int)fd);
}

static void created(long fd, const char *flags, const char *file) {
    printf("%d %s %ld %d %s %s\n", getpid(), comm_of(own_path), fd, fd < 0 ? errno : 0, flags,
           file);
    if (fd >= 0)
        close((int)fd);
}

static int create_all(char **files) {
    for (; *files; files++) {
#ifdef SYS_creat
        char flags[16];
        snprintf(flags, sizeof(flags), "%08o", O_CREAT | O_WRONLY | O_TRUNC);
        created(syscall(SYS_creat, *files, 0600), flags, *files);
#endif
        created(syscall(SYS_openat2, AT_FDCWD, *files, NULL, sizeof(struct open_how)), "?", *files);
    }
    return 0;
}

static int open_all(char **files) {
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    for (; *files; files++) {
        const char *file = **files ? *files : NULL;
        opened(syscall(SYS_openat, AT_FDCWD, file, O_RDONLY), *files);
#ifdef SYS_open
        opened(syscall(SYS_open, file, O_RDONLY | O_DIRECTORY), *files);
#else /* newer architectures, such as arm64 */
        opened(syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_DIRECTORY), *files);
#endif
        opened(syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof(how)), *files);
    }
    return 0;
}

/* Above the highest process id that Linux gives. */
#define NO_PROCESS 0x3fffffff

static void sent(int signal, int to, long ret) {
    printf("%d %s %d %d %d\n", getpid(), comm_of(own_path), signal, to, ret ? -errno : 0);
}

static int kill_all(char **signals) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (pid_t own = getpid(); *signals; signals++) {
        int signal = atoi(*signals);
        sent(signal, own, kill(own, signal));
        sent(signal, own, syscall(SYS_tkill, own, signal));
        sent(signal, own, syscall(SYS_tgkill, own, own, signal));
        sent(signal, NO_PROCESS, kill(NO_PROCESS, signal));
    }
    return 0;
}

static void *thread(void *unused) {
    printf("%d %d\n", getpid(), gettid());
    return unused;
}

static void *exit_later(void *code) {
    usleep(250000);
    exit(atoi(code));
}

static void *exec(void *program) {
    execl(program, program, (char *)NULL);
    exit(127);
}

static int leave_to(void *(*other)(void *), char *arg) {
    pthread_t id;
    printf("%d\n", getpid());
    fflush(stdout);
    if (pthread_create(&id, NULL, other, arg))
        return 1;
    pthread_exit(NULL);
}

static int outlived(char **args) {
    return leave_to(exit_later, args[0]);
}

static int thread_exec(char **args) {
    return leave_to(exec, args[0]);
}

static int run_threads(char **args) {
    for (long count = atol(args[0]); count > 0; count--) {
        pthread_t id;
        if (pthread_create(&id, NULL, thread, NULL) || pthread_join(id, NULL))
            return 1;
    }
    return 0;
}

static const struct {
    const char *option;
    int (*run)(char **args);
} modes[] = {
    {"--calls", call},
    {"--unlink", unlink_all},
    {"--open", open_all},
    {"--create", create_all},
    {"--kill", kill_all},
    {"--outlived", outlived},
    {"--thread-exec", thread_exec},
    {"--threads", run_threads},
};

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) < 0)
        return 1;
    for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[1], modes[i].option) == 0)
            return modes[i].run(argv + 2);
    }
    if (argc > 3 && strcmp(argv[1], "--failing") == 0)
        return spawn(atol(argv[2]), argv + 3, 1);
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "spawn: see the head of tests/kernel/spawn.c\n");
        return 2;
    }
    char exit_word[] = "exit", *self[] = {own_path, exit_word, NULL};
    return spawn(atol(argv[1]), argc > 2 ? argv + 2 : self, 0);
}
