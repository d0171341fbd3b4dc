/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwound HOW [NUMBER [FIFO]]: calls reach() from
 *   calls      first(), second() and third()
 *   recursion  NUMBER calls of recurse(), each in the other
 *   frames     the same, with 4 KiB of memory in each
 *   library    a function of libunwound.so, which calls back
 *   opened     the same, of a library that it opens then
 *   thread     a thread's function
 *   signal     a handler of a signal, on another stack
 *   again      NUMBER times first(), recurse() of 1 to 10 calls, and the library, in turns
 *   spin       nowhere: runs for NUMBER milliseconds of CPU time in spin_inner()
 *   leak       nowhere: allocates NUMBER times 1000 bytes in leak_inner()
 * With a FIFO it does so again for each byte "a" in it, and ends with another byte.
 *
 * To be compiled with optimization. Each call is followed by something, so that none is the last
 * one of its function, which would be a jump.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __clang__
#define OWN __attribute__((noinline, used))
#else
#define OWN __attribute__((noinline, noclone, used))
#endif
#define BEHIND __asm__ volatile("" ::: "memory")

void library_call(void (*back)(int), int number);

static volatile int sum;
static long milliseconds;

/* What tests probe. */
OWN static void reach(int number) {
    sum += number;
    BEHIND;
}

OWN static void third(int number) {
    reach(number + 3);
    BEHIND;
}

OWN static void second(int number) {
    volatile char memory[200];
    memory[number & 127] = 1;
    third(number + memory[number & 127]);
    BEHIND;
}

OWN static void first(int number) {
    second(number + 1);
    BEHIND;
}

OWN static int recurse(int left) {
    if (left > 1) {
        int more = recurse(left - 1);
        BEHIND;
        return more + 1;
    }
    reach(left);
    BEHIND;
    return 1;
}

OWN static int recurse_large(int left) {
    volatile char memory[4000];
    memory[left & 1023] = 1;
    if (left > 1) {
        int more = recurse_large(left - 1);
        BEHIND;
        return more + memory[left & 1023];
    }
    reach(left);
    BEHIND;
    return 1;
}

OWN static void called_back(int number) {
    reach(number);
    BEHIND;
}

OWN static void by_library(void) {
    library_call(called_back, 7);
    BEHIND;
}

OWN static void by_opened(void) {
    void *library = dlopen("./libopened.so", RTLD_NOW);
    void (*call)(void (*)(int), int) = library ? dlsym(library, "opened_call") : NULL;
    if (!call) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    call(called_back, 8);
    BEHIND;
}

OWN static void *in_thread(void *ctx) {
    first(*(int *)ctx);
    BEHIND;
    return NULL;
}

OWN static void by_thread(void) {
    pthread_t thread;
    int number = 9;
    if (!pthread_create(&thread, NULL, in_thread, &number))
        pthread_join(thread, NULL);
}

OWN static void on_signal(int number) {
    reach(number);
    BEHIND;
}

OWN static void by_signal(void) {
    static char memory[65536];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    BEHIND;
}

static double used_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

OWN static void spin_inner(void) {
    for (int i = 0; i < 1000000; i++)
        sum += i;
    BEHIND;
}

OWN static void spin(void) {
    double end = used_ms() + (double)milliseconds;
    while (used_ms() < end)
        spin_inner();
    BEHIND;
}

OWN static void spin_outer(void) {
    spin();
    BEHIND;
}

__attribute__((always_inline)) static inline void again(int times) {
    for (int i = 0; i < times; i++) {
        first(i);
        recurse(i % 10 + 1);
        by_library();
    }
}

OWN static void *leak_inner(void) {
    void *volatile kept = malloc(1000);
    BEHIND;
    return kept;
}

OWN static void leak_outer(int times) {
    static void *volatile kept;
    for (int i = 0; i < times; i++)
        kept = leak_inner();
    BEHIND;
}

/* Not in the stacks: main() does what `how` says. */
#define IS(text) (!strcmp(how, text))
__attribute__((always_inline)) static inline int run(const char *how, int number) {
    milliseconds = number;
    if (IS("calls"))
        first(number);
    else if (IS("recursion"))
        recurse(number);
    else if (IS("frames"))
        recurse_large(number);
    else if (IS("library"))
        by_library();
    else if (IS("opened"))
        by_opened();
    else if (IS("thread"))
        by_thread();
    else if (IS("signal"))
        by_signal();
    else if (IS("again"))
        again(number);
    else if (IS("spin"))
        spin_outer();
    else if (IS("leak"))
        leak_outer(number);
    else
        return 0;
    return 1;
}

/* Whether it goes on: whoever has the FIFO open says so. */
static int is_asked(int fifo) {
    char byte = 0;
    return fifo >= 0 && read(fifo, &byte, 1) == 1 && byte == 'a';
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    int fifo = argc > 3 ? open(argv[3], O_RDONLY) : -1;
    do
        if (!run(how, number))
            return 2;
    while (is_asked(fifo));
    return 0;
}
