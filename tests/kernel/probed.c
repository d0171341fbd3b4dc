/* SPDX-License-Identifier: Apache-2.0 */
/* A program to be probed, which says what its probes must see.
 *
 *   probed --calls N      calls twice(I, "word I") for I from 1 to N; prints each argument and
 * result probed --usdt N       passes its USDT probes N times: probed:step(int, char *) from two
 * places, and probed:guarded(int), which has a semaphore; prints the arguments, and whether the
 * semaphore was raised probed --faults N     touches N new pages probed --spin MS      uses so many
 * milliseconds of processor time
 *
 * With PROBED_UNTIL=FILE it ends when there is such a file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "usdt_note.h"

__attribute__((section(".probes"), used)) volatile unsigned short probed_guarded_semaphore;

int twice(int number, const char *word);

/* Not inlined, and with a tail that a probe at its second instruction still passes. */
__attribute__((noinline)) int twice(int number, const char *word) {
    __asm__ volatile("" : : "r"(word) : "memory");
    return number * 2;
}

/* Two functions of one name are no place that a probe can be at: see test_probes.sh. */
__attribute__((noinline)) static void step_here(int number, const char *word) {
    __asm__ volatile(USDT_NOTE("probed", "step", "0", "-4@%0 8@%1")
                     :
                     : "r"(number), "r"(word)
                     : "memory");
}

/* The same probe elsewhere, its arguments in memory and in a constant. */
__attribute__((noinline)) static void step_there(volatile int number, const char *volatile word) {
    __asm__ volatile(USDT_NOTE("probed", "step", "0", "-4@%0 8@%1")
                     :
                     : "m"(number), "m"(word)
                     : "memory");
}

__attribute__((noinline)) static void guarded(int number) {
    __asm__ volatile(USDT_NOTE("probed", "guarded", "probed_guarded_semaphore", "-4@%0 -8@$-77")
                     :
                     : "r"(number)
                     : "memory");
}

/* Where bpf_usdt_arg() of libbpf before 1.7 does not find an argument. */
__attribute__((noinline)) static void indexed(long number) {
    const long numbers[] = {1, 2, -number, 1000 * number};
    printf("indexed %ld %ld\n", numbers[2], numbers[3]);
#ifdef __x86_64__
    __asm__ volatile(USDT_NOTE("probed", "indexed", "0", "-4@(%%rax,%%rdx,8) 8@8(%%rax,%%rdx,8)")
                     :
                     : "a"(numbers), "d"(2L), "m"(numbers));
#else /* compilers write none such */
    __asm__ volatile(USDT_NOTE("probed", "indexed", "0", "-4@%0 8@%1")
                     :
                     : "r"((int)numbers[2]), "r"(numbers[3]));
#endif
}

static void call(int count) {
    for (int i = 1; i <= count; i++) {
        char word[32];
        snprintf(word, sizeof(word), "word %d", i);
        int result = twice(i, word);
        printf("%d %s %d\n", i, word, result);
    }
}

static void pass(int count) {
    for (int i = 1; i <= count; i++) {
        char word[32];
        snprintf(word, sizeof(word), "word %d", i);
        if (i % 2)
            step_here(-i, word);
        else
            step_there(-i, word);
        printf("step %d %s\n", -i, word);
        indexed(i);
        if (probed_guarded_semaphore) {
            guarded(i * 10);
            printf("guarded %d -77\n", i * 10);
        }
    }
}

static void touch(size_t pages) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *memory =
        mmap(NULL, pages * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        exit(1);
    madvise(memory, pages * size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < pages; i++)
        memory[i * size] = 1;
}

static void spin(long ms) {
    struct timespec now;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static void wait_until(const char *file) {
    while (file && access(file, F_OK))
        usleep(10000);
}

int main(int argc, char **argv) {
    int count = argc == 3 ? atoi(argv[2]) : 0;
    if (count <= 0) {
        fprintf(stderr, "usage: probed --calls N | --usdt N | --faults N | --spin MS\n");
        return 2;
    }
    if (!strcmp(argv[1], "--calls"))
        call(count);
    else if (!strcmp(argv[1], "--usdt"))
        pass(count);
    else if (!strcmp(argv[1], "--faults"))
        touch((size_t)count);
    else if (!strcmp(argv[1], "--spin"))
        spin(count);
    else
        return 2;
    wait_until(getenv("PROBED_UNTIL"));
    return 0;
}
