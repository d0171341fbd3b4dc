/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attached start TRACER ARG…: becomes the tracer, remembering when.
 * attached: what the tracer runs as its command (-c), so that it starts when all is attached.
 * Prints "attached WALL_MS CPU_MS RESIDENT_MIB" on stderr: the time since then, and the processor
 * time and memory that its parent, the tracer, has used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "ATTACHED_START"

static double ms_of(clockid_t clock) {
    struct timespec ts = {0};
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* -1 if it is unknown. */
static double resident_mib(pid_t pid) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    FILE *in = fopen(path, "r");
    long pages = -1;
    if (in) {
        if (fscanf(in, "%*d %ld", &pages) != 1)
            pages = -1;
        fclose(in);
    }
    return pages < 0 ? -1 : (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "start") == 0) {
        char now[64];
        snprintf(now, sizeof(now), "%.6f", ms_of(CLOCK_MONOTONIC));
        setenv(VARIABLE, now, 1);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 127;
    }
    double wall = ms_of(CLOCK_MONOTONIC);
    const char *start = getenv(VARIABLE);
    clockid_t cpu;
    if (argc != 1 || !start || clock_getcpuclockid(getppid(), &cpu)) {
        fprintf(stderr, "Usage: attached start TRACER ARG…, which runs `attached`\n");
        return 2;
    }
    fprintf(stderr, "attached %.3f %.3f %.1f\n", wall - strtod(start, NULL), ms_of(cpu),
            resident_mib(getppid()));
    return 0;
}
