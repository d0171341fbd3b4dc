/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program and takes what it prints, within a time and a size. */
#ifndef COURSE_SPAWN_H
#define COURSE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#include "reprobe.h"

struct spawn {
    const char *const *argv; /* argv[0] is a path, or is looked for in PATH */
    const char *directory;   /* in which it runs; NULL: this one */
    int input;               /* its standard input; -1: nothing to read */
    unsigned seconds;        /* that it may take */
    size_t limit;            /* bytes that it may print, on either stream */
    bool talks;              /* its stderr is ours */
    bool group;              /* it and what it starts are one group of processes, ended as one */
    const char *cgroup;      /* a directory whose processes it joins; NULL: none */
};

enum spawn_end { SPAWN_ENDED, SPAWN_LATE, SPAWN_FLOODED };

struct spawned {
    enum spawn_end end;
    int status;      /* as of wait(2), also of one that was ended for being late */
    char *out, *err; /* malloc()ed texts; NUL bytes are left out */
};

/* A program that takes too long or prints too much is ended: by SIGTERM, and three seconds later by
 * SIGKILL. It gets SIGTERM as well when this process dies. */
struct rp_error *spawn_run(const struct spawn *spawn, struct spawned *out);
/* From here on Ctrl-C (SIGINT, SIGTERM, SIGHUP) ends this process at once or, while a program runs,
 * when that has been ended: spawn_run() then fails with EINTR. A second one ends it at once in any
 * case. */
void spawn_take_signals(void);
/* If such a signal came: ends this process by it. */
void spawn_end_by_signal(void);
void spawned_clear(struct spawned *spawned);

#endif
