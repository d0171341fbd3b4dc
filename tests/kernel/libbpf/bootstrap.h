/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Shared with a program in user space, if there were one. */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#ifndef __bpf__
#include <stdbool.h>
#endif

#define TASK_COMM_LEN    16
#define MAX_FILENAME_LEN 127

struct event {
    int pid;
    int ppid;
    unsigned exit_code;
    unsigned long long duration_ms;
    char comm[TASK_COMM_LEN];
    char filename[MAX_FILENAME_LEN];
    bool exit_event;
};

#endif
