/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls CPU MILLISECONDS FILE: calls getpgid() on that CPU for so long, and writes to FILE
 * "PID CALLS SECONDS". The load that scripts/bench rings has traced.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CALLS_A_LOOK 256

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: calls CPU MILLISECONDS FILE\n");
        return 2;
    }
    cpu_set_t cpu;
    CPU_ZERO(&cpu);
    CPU_SET(atoi(argv[1]), &cpu);
    sched_setaffinity(0, sizeof(cpu), &cpu);
    double start = now(), most = atof(argv[2]) / 1e3;
    unsigned long calls = 0;
    while (now() - start < most) {
        for (int i = 0; i < CALLS_A_LOOK; i++)
            getpgid(0);
        calls += CALLS_A_LOOK;
    }
    double seconds = now() - start;
    FILE *out = fopen(argv[3], "w");
    if (!out)
        return 1;
    fprintf(out, "%d %lu %.6f\n", getpid(), calls, seconds);
    return fclose(out) ? 1 : 0;
}
