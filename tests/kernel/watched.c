/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose variables and tasks are watched, and which says what there is to be seen.
 *
 *   watched [--threads T] [--late T] [--open FILE] [--wait FILE] [--then fork|exec] [N]
 *
 * Starts T threads besides its own, "watched-1" and so on, and opens FILE; prints its process id,
 * the address of `counter` and the descriptor of FILE (or -1); with --late, waits until FILE.late
 * exists and starts more threads, one a millisecond; waits until the other FILE exists. Then each
 * thread, N times, adds 1 to `counter`, writes `byte`, `half`, `word` and `pair[0]` once and
 * `pair[1]` twice, and reads `limit`; and calls step() once. Afterwards a child does the same, or
 * the program runs itself again without options.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 400

volatile uint64_t counter;
volatile uint64_t limit;
volatile uint8_t byte;
volatile uint16_t half;
volatile uint32_t word;
volatile uint64_t pair[2];
static volatile uint64_t hidden; /* has a symbol, but nobody else sees it */

void step(void);

static uint64_t times;
static const char *gate;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) void step(void) {
    __asm__ volatile("" ::: "memory");
}

static void wait_for_gate(const char *suffix) {
    const struct timespec pause = {.tv_nsec = 5000000};
    char path[4096];
    snprintf(path, sizeof(path), "%s%s", gate ? gate : "", suffix);
    while (gate && access(path, F_OK) != 0)
        nanosleep(&pause, NULL);
}

static void *work(void *unused) {
    wait_for_gate("");
    pthread_mutex_lock(&turn); /* nobody's addition is lost */
    for (uint64_t i = 0; i < times; i++) {
        counter += 1;
        byte = (uint8_t)i;
        half = (uint16_t)i;
        word = (uint32_t)i;
        pair[0] = i;
        pair[1] = i;
        pair[1] = 0;
        if (limit && counter > limit)
            hidden++;
    }
    pthread_mutex_unlock(&turn);
    step();
    return unused;
}

static pthread_t threads[THREADS_MAX];
static unsigned long started;

static void start_threads(unsigned long count, long pause_ns) {
    const struct timespec pause = {.tv_nsec = pause_ns};
    for (unsigned long i = 0; i < count && started < THREADS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "watched-%lu", started + 1);
        if (pthread_create(&threads[started], NULL, work, NULL))
            _exit(1);
        pthread_setname_np(threads[started++], name);
        nanosleep(&pause, NULL);
    }
}

/* What comes after the work. */
static void go_on(const char *then, char **argv) {
    int status;
    if (!strcmp(then, "exec"))
        execl("/proc/self/exe", argv[0], argv[1], NULL);
    if (strcmp(then, "fork") != 0)
        return;
    pid_t child = fork();
    if (child)
        waitpid(child, &status, 0);
    else
        work(NULL);
}

int main(int argc, char **argv) {
    unsigned long early = 0, late = 0;
    const char *then = "";
    int opened = -1, i = 1;
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--threads"))
            early = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--late"))
            late = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--open"))
            opened = open(argv[i + 1], O_RDONLY | O_CLOEXEC);
        else if (!strcmp(argv[i], "--wait"))
            gate = argv[i + 1];
        else if (!strcmp(argv[i], "--then"))
            then = argv[i + 1];
    }
    times = i < argc ? strtoull(argv[i], NULL, 10) : 0;
    start_threads(early, 0);
    printf("%d 0x%" PRIxPTR " %d\n", getpid(), (uintptr_t)&counter, opened);
    fflush(stdout);
    if (late)
        wait_for_gate(".late");
    start_threads(late, 1000000);
    work(NULL);
    for (unsigned long t = 0; t < started; t++)
        pthread_join(threads[t], NULL);
    go_on(then, &argv[i < argc ? i - 1 : 0]);
    return 0;
}
