/* SPDX-License-Identifier: Apache-2.0 */
/* The traced workload: threads that call getpgid(), or that start programs. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define CALLS_A_LOOK 64

static cpu_set_t allowed;

unsigned cpu_count(void) {
    if (!CPU_COUNT(&allowed))
        sched_getaffinity(0, sizeof(allowed), &allowed);
    return (unsigned)CPU_COUNT(&allowed);
}

static void pin(unsigned nth) {
    unsigned seen = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || seen++ != nth)
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof(one), &one);
    }
}

void pin_reader(void) {
    pin(cpu_count() - 1);
}

/* ------------------------------------------------------------- what a thread does */

static void sleep_until(uint64_t ns) {
    const struct timespec when = {.tv_sec = (time_t)(ns / 1000000000u),
                                  .tv_nsec = (long)(ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static uint64_t call(struct load *load) {
    uint64_t made = 0, next = now_ns();
    while (!atomic_load_explicit(&load->stop, memory_order_relaxed) &&
           (!load->calls || made < load->calls)) {
        if (load->period_ns)
            sleep_until(next += load->period_ns);
        uint64_t some = load->period_ns ? 1 : CALLS_A_LOOK;
        if (load->calls && some > load->calls - made)
            some = load->calls - made;
        for (uint64_t i = 0; i < some; i++)
            getpgid(0);
        made += some;
    }
    return made;
}

/* A program that begins on one CPU and ends on another. The child shares our memory. */
static void start_program(unsigned from, unsigned to) {
    static char path[] = "/bin/true";
    char *argv[] = {path, NULL};
    pin(from);
    pid_t pid = vfork();
    if (pid == 0) {
        pin(to);
        execv(path, argv);
        _exit(127);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static uint64_t start_programs(struct load *load) {
    uint64_t made = 0;
    for (unsigned i = 0; made < load->calls && !atomic_load(&load->stop); i++, made++)
        start_program(i % cpu_count(), (i + 1) % cpu_count());
    return made;
}

struct thread {
    struct load *load;
    unsigned number;
};

static void *work(void *ctx) {
    struct thread thread = *(struct thread *)ctx;
    struct load *load = thread.load;
    free(ctx);
    unsigned others = cpu_count() > 1 ? cpu_count() - 1 : 1;
    pin(thread.number % others);
    atomic_fetch_add(&load->begun, 1);
    load->made[thread.number] = load->processes ? start_programs(load) : call(load);
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    load->cpu_s[thread.number] = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    atomic_fetch_sub(&load->running, 1);
    return NULL;
}

/* ------------------------------------------------------------- all of them */

bool load_start(struct load *load) {
    unsigned wanted = load->threads;
    load->threads = 0;
    cpu_count();
    atomic_store(&load->stop, false);
    while (load->threads < wanted) {
        struct thread *thread = malloc(sizeof(*thread));
        if (thread)
            *thread = (struct thread){load, load->threads};
        atomic_fetch_add(&load->running, 1);
        if (!thread || pthread_create(&load->ids[load->threads], NULL, work, thread)) {
            free(thread);
            atomic_fetch_sub(&load->running, 1);
            fprintf(stderr, "reprobe: cannot start thread %u\n", load->threads + 1);
            return false;
        }
        load->threads++;
    }
    while (atomic_load(&load->begun) < wanted)
        usleep(100);
    return true;
}

bool load_has_ended(struct load *load) {
    return atomic_load(&load->running) == 0;
}

void load_wait(struct load *load) {
    while (!load_has_ended(load))
        usleep(1000);
}

void load_end(struct load *load, uint64_t *calls, double *cpu_s) {
    atomic_store(&load->stop, true);
    *calls = 0;
    *cpu_s = 0;
    for (unsigned i = 0; i < load->threads; i++) {
        pthread_join(load->ids[i], NULL);
        *calls += load->made[i];
        *cpu_s += load->cpu_s[i];
    }
}
