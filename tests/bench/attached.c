/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attached start TRACER ARG…: becomes the tracer, remembering when.
 * attached: what the tracer runs as its command (-c), so that it starts when all is attached.
 * Prints "attached WALL_MS CPU_MS RESIDENT_MIB PEAK_MIB" on stderr: the time since then, and the
 * processor time and memory, now and at most, that its parent, the tracer, has used.
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

/* A line of /proc/PID/status ("VmRSS:"); -1 if it is unknown. */
static double mib_of(pid_t pid, const char *label) {
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *in = fopen(path, "r");
    double kib = -1024;
    while (in && fgets(line, sizeof(line), in))
        if (strncmp(line, label, strlen(label)) == 0)
            kib = strtod(line + strlen(label), NULL);
    if (in)
        fclose(in);
    return kib / 1024;
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
    fprintf(stderr, "attached %.3f %.3f %.1f %.1f\n", wall - strtod(start, NULL), ms_of(cpu),
            mib_of(getppid(), "VmRSS:"), mib_of(getppid(), "VmHWM:"));
    return 0;
}
