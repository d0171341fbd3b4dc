/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose return is hard to find.
 *
 *   callers --nest DEPTH    nest(DEPTH) calls itself until nest(0); each returns its number,
 * doubled callers --jump N        N times leap(1), which longjmp() leaves, then leap(0), which
 * returns callers --exec N        N processes, each of which runs /bin/true by execve() from a
 * second thread calls --sleep N       N threads are in a nanosleep() of 200 ms at the same time
 * calls
 * --die N         N threads are in a nanosleep() of an hour when the process ends
 * --reads N       N read() from standard input, of 1, 2, 3, ... bytes
 * --refused N     N setpgid(0, 7), which a seccomp filter refuses, and N of setpgid(0, -7), which
 * the kernel refuses, and one of setpgid(0, 0)
 * --refused-files 1
 *                 one of each call that opens a file, runs a program or sends a signal; a seccomp
 * filter refuses all; prints which
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int nest(int depth);
int leap(int away);
/* As if C++ and Rust had written them. */
int area(int width) __asm__("_ZN5Shape4areaEi");
int area_of_two(int width, int height) __asm__("_ZN5Shape4areaEii");
int grown(const int *by) __asm__("_ZN4crab4grow17h0123456789abcdefE");

__attribute__((noinline)) int nest(int depth) {
    int below = depth ? nest(depth - 1) : -2;
    __asm__ volatile("" : "+r"(below) : : "memory"); /* no tail call */
    return below + 2;
}

__attribute__((noinline)) int area(int width) {
    __asm__ volatile("" : "+r"(width) : : "memory");
    return width * width;
}

__attribute__((noinline)) int area_of_two(int width, int height) {
    __asm__ volatile("" : "+r"(width) : : "memory");
    return width * height;
}

__attribute__((noinline)) int grown(const int *by) {
    int n = *by;
    __asm__ volatile("" : "+r"(n) : : "memory");
    return n + 1;
}

static void measure(int count) {
    int sum = 0;
    for (int i = 1; i <= count; i++)
        sum += area(i) + area_of_two(i, 2) + grown(&i);
    printf("%d\n", sum);
}

static jmp_buf place;

__attribute__((noinline)) int leap(int away) {
    if (away)
        longjmp(place, 1);
    __asm__ volatile("" : : : "memory");
    return away;
}

static void jump(int count) {
    for (volatile int i = 0; i < count; i++)
        if (!setjmp(place))
            leap(1);
    leap(0);
}

static void *run_true(void *unused) {
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
    return unused;
}

static void run_from_threads(int count) {
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (!pid) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, run_true, NULL))
                _exit(1);
            for (;;)
                pause();
        }
        int status;
        if (waitpid(pid, &status, 0) != pid || status)
            exit(1);
    }
}

static pthread_barrier_t all;
static struct timespec how_long;

static void *fall_asleep(void *unused) {
    pthread_barrier_wait(&all);
    syscall(SYS_nanosleep, &how_long, NULL);
    return unused;
}

static void start_threads(int count, pthread_t *threads) {
    pthread_barrier_init(&all, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, fall_asleep, NULL))
            exit(1);
    pthread_barrier_wait(&all);
}

static void read_more_and_more(int count) {
    char text[256];
    for (int i = 1; i <= count && i <= (int)sizeof(text); i++)
        if (read(STDIN_FILENO, text, (size_t)i) != i)
            exit(1);
}

/* Refuses the system call, where its second argument is `second`; -1: in any case. On x86-64 and
 * arm64, whose numbers have their low half first. */
static void refuse(unsigned call, int second) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | (second == -1 ? BPF_JGE : BPF_JEQ) | BPF_K,
                 second == -1 ? 0 : (unsigned)second, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        exit(1);
}

static void be_refused_once(unsigned call, const long *arguments, const char *what) {
    refuse(call, -1);
    if (syscall(call, arguments[0], arguments[1], arguments[2], arguments[3], 0) != -1 ||
        errno != EPERM)
        exit(1);
    printf("%s\n", what);
}

static void be_refused_files(void) {
    char *const arguments[] = {"true", "of callers", NULL};
    struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 0600};
    long path = (long)"a path", argv = (long)arguments, pid = getpid();
#ifdef SYS_open
    be_refused_once(SYS_open, (long[4]){path, O_RDWR}, "open");
    be_refused_once(SYS_creat, (long[4]){path, 0600}, "open that creates");
#endif
    be_refused_once(SYS_openat, (long[4]){AT_FDCWD, path}, "open");
    be_refused_once(SYS_openat2, (long[4]){AT_FDCWD, path, (long)&how, sizeof(how)},
                    "open that creates");
    be_refused_once(SYS_execve, (long[4]){path, argv}, "exec");
    be_refused_once(SYS_execveat, (long[4]){AT_FDCWD, path, argv}, "exec");
    be_refused_once(SYS_kill, (long[4]){pid, SIGUSR1}, "kill");
    be_refused_once(SYS_tkill, (long[4]){gettid(), SIGUSR2}, "kill");
    be_refused_once(SYS_tgkill, (long[4]){pid, gettid(), SIGTERM}, "kill");
}

static void be_refused(int count) {
    refuse(SYS_setpgid, 7);
    for (int i = 0; i < count; i++)
        if (!setpgid(0, 7) || errno != EPERM || !setpgid(0, -7) || errno != EINVAL)
            exit(1);
    setpgid(0, 0);
}

int main(int argc, char **argv) {
    int count = argc == 3 ? atoi(argv[2]) : 0;
    pthread_t *threads = count > 0 ? calloc((size_t)count, sizeof(*threads)) : NULL;
    if (!threads)
        return 2;
    if (!strcmp(argv[1], "--nest")) {
        printf("%d\n", nest(count));
    } else if (!strcmp(argv[1], "--jump")) {
        jump(count);
    } else if (!strcmp(argv[1], "--names")) {
        measure(count);
    } else if (!strcmp(argv[1], "--exec")) {
        run_from_threads(count);
    } else if (!strcmp(argv[1], "--sleep")) {
        how_long.tv_nsec = 200 * 1000 * 1000;
        start_threads(count, threads);
        for (int i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
    } else if (!strcmp(argv[1], "--reads")) {
        read_more_and_more(count);
    } else if (!strcmp(argv[1], "--refused-files")) {
        be_refused_files();
    } else if (!strcmp(argv[1], "--refused")) {
        be_refused(count);
    } else if (!strcmp(argv[1], "--die")) {
        start_threads(count, threads);
        for (int i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
    }
    free(threads);
    if (getenv("LINGER"))
        usleep(300 * 1000);
    return 0;
}
