/* SPDX-License-Identifier: Apache-2.0 */
/* Puts known values where probes read them, so many times as its argument says: matrix.py knows
 * them. With a second argument it then runs for that many milliseconds of processor time, to be
 * sampled. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../kernel/usdt_note.h"
#include "values.h"

static char touched[] = "a text";
static char beta[] = "beta";
/* In a page of its own, which nobody has read yet. */
__attribute__((aligned(4096))) static const char far[4096] = "far away";
__attribute__((aligned(4096))) static const char behind[4096] = "behind";

static struct flexible *flexible;
static struct pair hopped = {31, -32}, *hop = &hopped;
/* What follows its end is there when the program starts. */
static struct {
    struct text_tail head;
    char text[16];
} tail = {{3}, "tail of it"};
static struct pair pairs[2] = {{7, 8}, {9, -10}};
static struct all all = {.s8 = -5,
                         .u8 = 250,
                         .s16 = -300,
                         .u16 = 65000,
                         .s32 = -70000,
                         .u32 = 4000000000U,
                         .s64 = -5000000000,
                         .u64 = UINT64_MAX,
                         .yes = 1,
                         .letter = 'x',
                         .colour = GREEN,
                         .f = 1.5F,
                         .d = 2.5,
                         .text = "text in it",
                         .full = {'f', 'u', 'l', 'l'},
                         .str = touched,
                         .far = far,
                         .ptr = (void *)0x1234567890,
                         .numbers = {1, -2, 3, -4},
                         .in = {100, -200},
                         .packed = {3, -4},
                         .three = 5,
                         .five = -3,
                         .choice.i = -77,
                         .inner = 4711,
                         .pairs = pairs,
                         .names = {touched, beta},
                         .self = &all,
                         .wide = (unsigned __int128)1 << 100,
                         .huge = HUGE,
                         .small = TINY,
                         .tight = {1, 0x1ff, -1, 0x123456789a},
                         .flag = 1,
                         .minus = -1,
                         .table = {{1, 2, 3}, {-4, -5, -6}},
                         .hops = &hop,
                         .mixed = {{.tag = 1, .n = 1234567890123}, {.tag = 2, .c = "abc"}},
                         .letters = {-1, 'b'},
                         .uletters = {200, 'b'},
                         .tail = &tail.head,
                         .long_text = {[0] = 'L', [198] = 'e', [199] = 'E'}};

/* The places: not inlined, with the address as the argument, the result, or that of a syscall. */
struct all *take(struct all *all, int two);
__attribute__((noinline)) struct all *take(struct all *given, int two) {
    __asm__ volatile("" : "+r"(given), "+r"(two) : : "memory");
    return given;
}

__attribute__((noinline)) static void pass(struct all *given, int two) {
    __asm__ volatile(USDT_NOTE("truth", "place", "0", "8@%0 -4@%1")
                     :
                     : "r"(given), "r"(two)
                     : "memory");
}

/* ------------------------------------------------------------------ what the kernel is given to
 * keep */

static void check(int result) {
    if (result >= 0)
        return;
    perror("workload");
    exit(1);
}

static void move_to(int from, int to) {
    check(from);
    check(dup2(from, to));
    close(from);
}

static void give_files(void) {
    char name[] = "/tmp/reprobe-truth.XXXXXX";
    int fd = mkstemp(name);
    check(fd);
    check(fchmod(fd, 0642));
    check((int)write(fd, "12345", 5));
    close(fd);
    move_to(open(name, O_WRONLY | O_APPEND), 9);
    unlink(name);
    check(mkfifo(name, 0600));
    move_to(open(name, O_RDONLY | O_NONBLOCK), 8);
    unlink(name);
    move_to(open("/dev/null", O_RDWR), 7);
}

/* Others of this run at the same time. */
static void bind_in_own_folder(int fd, const struct sockaddr_un *address) {
    char folder[] = "/tmp/reprobe-truth.XXXXXX";
    int here = open(".", O_RDONLY | O_DIRECTORY);
    check(here);
    check(mkdtemp(folder) ? chdir(folder) : -1);
    check(bind(fd, (const struct sockaddr *)address, sizeof(*address)));
    check(unlink(address->sun_path));
    check(fchdir(here));
    check(rmdir(folder));
    close(here);
}

static void give_sockets(void) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f010203)}};
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "truth"};
    int one = 1, tos = 0x88, ttl = 77, size = 5000;
    int udp = socket(AF_INET, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
    check(udp);
    check(stream);
    check(bind(udp, (struct sockaddr *)&in, sizeof(in)));
    check(setsockopt(udp, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
    check(setsockopt(udp, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)));
    check(setsockopt(udp, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)));
    check(setsockopt(udp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
    check(setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
    bind_in_own_folder(stream, &un);
    move_to(udp, 10);
    move_to(stream, 11);
}

static void give_task(void) {
    struct rlimit files = {1234, 2345};
    struct itimerval timer = {.it_interval = {5000, 6}, .it_value = {5000, 0}};
    struct sched_param param = {.sched_priority = 0};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    check(sigprocmask(SIG_SETMASK, &blocked, NULL));
    check(setrlimit(RLIMIT_NOFILE, &files));
    check(setitimer(ITIMER_VIRTUAL, &timer, NULL));
    check(sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &param));
    check(setpriority(PRIO_PROCESS, 0, 3));
    check(prctl(PR_SET_TIMERSLACK, 123456789L));
    check(prctl(PR_SET_PDEATHSIG, 2));
    umask(027);
    /* Where the kernel keeps an address in this process for it. */
    syscall(SYS_set_tid_address, &all);
    check(prctl(PR_SET_NAME, "truth"));
}

static void run_for(long milliseconds) {
    struct timespec used = {0};
    while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < milliseconds)
        for (int i = 0; i < 100; i++)
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
}

/* Samples from here on are not asked for. The kernel writes to the address when the thread ends. */
static void end(int status) {
    prctl(PR_SET_NAME, "ended");
    syscall(SYS_set_tid_address, NULL);
    _exit(status);
}

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 1;
    flexible = malloc(sizeof(*flexible) + 4 * sizeof(int));
    if (!flexible)
        return 1;
    *flexible = (struct flexible){.n = 4};
    for (int i = 0; i < 4; i++)
        flexible->items[i] = 10 * i - 5;
    all.flexible = flexible;
    /* In memory from here on. */
    *(volatile signed char *)&all.s8 = -5;
    *(volatile char *)touched = 'a';
    *(volatile char *)beta = 'b';
    *(volatile int *)&pairs[0].x = 7;
    *(volatile int *)&hopped.x = 31;
    *(volatile int *)&tail.head.n = 3;
    give_files();
    give_sockets();
    give_task();
    for (int i = 0; i < times; i++) {
        take(&all, 2);
        pass(&all, 2);
        syscall(SYS_pwrite64, -1, &all, 3, 2L);
        syscall(SYS_openat, 2, &all, 0);
        kill(getpid(), SIGCONT);
        if (fchown(9, 12345, 54321))
            return 1;
    }
    if (argc > 2)
        run_for(atol(argv[2]));
    end(behind[0] == 'b' ? 0 : 1);
}
