/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that every compiler puts into their callers, with calls and system calls in them. Lines
 * that the test asks for end with a name. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INLINED static inline __attribute__((always_inline))
#define APART   __attribute__((noinline)) void

static volatile long sink;

APART called(long n) {
    sink += n; /* called */
}

INLINED void second(long n) {
    sink--;
    called(n); /* second */
    sink--;
}

INLINED void first(long n) {
    sink++;
    second(n); /* first */
    sink++;
}

/* The system call is an instruction of its own. */
INLINED void asks(void) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
    sink += result;
}

APART outer(long n) {
    sink += n; /* outer */
    asks();
    sink -= n;
}

INLINED void spin(void) {
    for (const time_t end = time(NULL) + 2; time(NULL) < end;)
        for (int i = 0; i < 1000000; i++)
            sink++;
}

INLINED void leak(void) {
    for (int i = 0; i < 10; i++) {
        char *volatile lost = malloc(1000);
        memset(lost, 0, 1000);
    }
    sleep(3);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    if (!strcmp(how, "spin"))
        spin();
    else if (!strcmp(how, "leak"))
        leak();
    else {
        outer(argc); /* main, outer */
        first(argc); /* main, first */
        sleep(!strcmp(how, "wait"));
    }
    return 0;
}
