/* SPDX-License-Identifier: Apache-2.0 */
/* The command of -c: held back until all is attached, reaped, ended with all that
 * it started. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session/session.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A group of its own does not get the terminal's Ctrl-C, nor may it read there. */
static void move_apart(void) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
}

/* True when 'G' came through the gate; its closing without a word means that the parent died. The
 * call that waits returns when all is attached: read() would be counted as one of the command's.
 */
static bool wait_at(int gate) {
    struct epoll_event event = {.events = EPOLLIN};
    int all = epoll_create1(EPOLL_CLOEXEC);
    char go;
    if (all < 0 || epoll_ctl(all, EPOLL_CTL_ADD, gate, &event))
        return read(gate, &go, 1) == 1;
    int got;
    do
        got = epoll_pwait2(all, &event, 1, NULL, NULL);
    while (got < 0 && errno == EINTR);
    if (got < 0) /* before Linux 5.11 */
        return read(gate, &go, 1) == 1;
    return event.events & EPOLLIN;
}

/* In the child. */
static void wait_and_run(int gate, const char *command, const sigset_t *signal_mask) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* not even a killed tracer leaves it behind */
    signal(SIGPIPE, SIG_DFL);
    if (!wait_at(gate))
        _exit(0);
    sigprocmask(SIG_SETMASK, signal_mask, NULL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

struct rp_error *rp_child_start(struct rp_child *child, const struct rp_session_opts *opts,
                                const sigset_t *signal_mask) {
    const char *command = opts->command;
    int gate[2];
    if (pipe2(gate, O_CLOEXEC))
        return rp_error_new(errno, NULL, "cannot run `%s`", command);
    child->pid = fork();
    if (child->pid == 0) {
        close(gate[1]);
        if (opts->command_apart)
            move_apart();
        wait_and_run(gate[0], command, signal_mask);
    }
    close(gate[0]);
    child->gate = gate[1];
    if (child->pid > 0)
        return NULL;
    int errnum = errno;
    close(gate[1]);
    *child = (struct rp_child){.gate = -1};
    return rp_error_new(errnum, NULL, "cannot run `%s`", command);
}

static pid_t parent_of(const char *pid) {
    char path[300], stat[512];
    int ppid = 0;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    size_t got = file ? fread(stat, 1, sizeof(stat) - 1, file) : 0;
    stat[got] = '\0';
    const char *name_end = strrchr(stat, ')'); /* the name may hold anything */
    return name_end && sscanf(name_end, ") %*c %d", &ppid) == 1 ? ppid : 0;
}

#define MAX_CHILDREN 256

/* Signals the process and all that descend from it, parents first: a shell must not go on with its
 * next command. A process group would take the terminal's Ctrl-C from the command. */
void rp_child_signal_tree(pid_t pid, int signo) {
    pid_t children[MAX_CHILDREN];
    size_t count = 0;
    RP_AUTO_CLOSEDIR DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc)) && count < MAX_CHILDREN;)
        if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == pid)
            children[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
    kill(pid, signo);
    for (size_t i = 0; i < count; i++)
        rp_child_signal_tree(children[i], signo);
}

void rp_child_open_gate(struct rp_child *child) {
    if (child->gate < 0)
        return;
    ssize_t put = write(child->gate, "G", 1);
    (void)put; /* it can only fail when the child was killed, which rp_child_reap() sees */
    close(child->gate);
    child->gate = -1;
}

void rp_child_reap(struct rp_child *child) {
    if (child->pid > 0 && !child->ended)
        child->ended = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
}

void rp_child_end(struct rp_child *child) {
    if (child->gate >= 0) {
        close(child->gate); /* it never began, and ends by itself */
        child->gate = -1;
    } else if (child->pid > 0 && !child->ended) {
        rp_child_signal_tree(child->pid, child->is_held ? SIGKILL : SIGTERM);
    }
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; child->pid > 0 && !child->ended; i++) {
        rp_child_reap(child);
        if (child->ended)
            break;
        if (i == 100)
            rp_child_signal_tree(child->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}
