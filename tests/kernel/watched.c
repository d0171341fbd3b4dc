/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose variables and tasks are watched, and which says what there is to be seen.
 *
 *   watched [--threads T] [--open FILE] [--wait FILE] [N]
 *
 * Starts T threads besides its own, "watched-1" and so on, and opens FILE; prints its process id,
 * the address of `counter` and the descriptor of FILE (or -1); waits until the other FILE exists.
 * Then each thread adds 1 to `counter` N times, reads `limit` as often, and calls step() once.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16

volatile uint64_t counter;
volatile uint64_t limit;
static volatile uint64_t hidden; /* has a symbol, but nobody else sees it */

void step(void);

static uint64_t times;
static const char *gate;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) void step(void) {
    __asm__ volatile("" ::: "memory");
}

static void wait_for_gate(void) {
    const struct timespec pause = {.tv_nsec = 5000000};
    while (gate && access(gate, F_OK) != 0)
        nanosleep(&pause, NULL);
}

static void *work(void *unused) {
    wait_for_gate();
    pthread_mutex_lock(&turn); /* nobody's addition is lost */
    for (uint64_t i = 0; i < times; i++) {
        counter += 1;
        if (limit && counter > limit)
            hidden++;
    }
    pthread_mutex_unlock(&turn);
    step();
    return unused;
}

int main(int argc, char **argv) {
    unsigned long threads = 0, started = 0;
    pthread_t list[THREADS_MAX];
    int opened = -1, i = 1;
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--threads"))
            threads = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--open"))
            opened = open(argv[i + 1], O_RDONLY | O_CLOEXEC);
        else if (!strcmp(argv[i], "--wait"))
            gate = argv[i + 1];
    }
    times = i < argc ? strtoull(argv[i], NULL, 10) : 0;
    for (; started < threads && started < THREADS_MAX; started++) {
        char name[16];
        snprintf(name, sizeof(name), "watched-%lu", started + 1);
        if (pthread_create(&list[started], NULL, work, NULL))
            return 1;
        pthread_setname_np(list[started], name);
    }
    printf("%d 0x%" PRIxPTR " %d\n", getpid(), (uintptr_t)&counter, opened);
    fflush(stdout);
    work(NULL);
    for (unsigned long t = 0; t < started; t++)
        pthread_join(list[t], NULL);
    return 0;
}
