/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first program of -c, held before its first instruction: only then is its memory there, and
 * none of what it does was missed. Until then its shell, and what that forks, is traced with
 * ptrace(2).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session/session.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hold {
    struct rp_child *child;
    const char *file;
    RP_VEC(pid_t) traced;
    bool has_shell; /* the command's process runs its shell */
    bool nomem;
};

static bool runs(pid_t pid, const char *file) {
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    ssize_t length = readlink(link, path, sizeof(path));
    return length == (ssize_t)strlen(file) && !memcmp(path, file, (size_t)length);
}

static void add_forked(struct hold *hold, pid_t parent) {
    unsigned long pid = 0;
    ptrace(PTRACE_GETEVENTMSG, parent, NULL, &pid);
    hold->nomem |= !rp_vec_push(&hold->traced, (pid_t)pid);
}

static bool is_fork(int event) {
    return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

/* Takes note of a stop; *event is 0 where a signal is to be delivered. Returns the signal. */
static long see_stop(struct hold *hold, pid_t pid, int status, int *event) {
    *event = status >> 16;
    if (is_fork(*event))
        add_forked(hold, pid);
    return *event ? 0 : WSTOPSIG(status);
}

/* Traced process `i` has ended. */
static void forget(struct hold *hold, size_t i, int status) {
    if (hold->traced.items[i] == hold->child->pid) {
        hold->child->ended = true;
        hold->child->status = status;
    }
    rp_vec_remove(&hold->traced, i);
}

/* Goes on after a stop, unless it is the one that is waited for. */
static void go_on(struct hold *hold, pid_t pid, int status) {
    int event;
    long signal = see_stop(hold, pid, status, &event);
    bool is_shell = pid == hold->child->pid && !hold->has_shell;
    if (event == PTRACE_EVENT_EXEC && is_shell) {
        hold->has_shell = true;
    } else if (event == PTRACE_EVENT_EXEC && (!hold->file || runs(pid, hold->file))) {
        hold->child->program = pid;
        return;
    }
    bool is_stopped = event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP; /* by SIGSTOP */
    ptrace(is_stopped ? PTRACE_LISTEN : PTRACE_CONT, pid, NULL, (void *)signal);
}

/* Looks at each traced process once. Returns whether something happened. */
static bool look(struct hold *hold) {
    bool any = false;
    for (size_t i = hold->traced.count; i-- > 0 && !hold->child->program;) {
        int status;
        pid_t got = waitpid(hold->traced.items[i], &status, WNOHANG | __WALL);
        any |= got != 0;
        if (got < 0 || (got && !WIFSTOPPED(status)))
            forget(hold, i, status);
        else if (got)
            go_on(hold, got, status);
    }
    return any;
}

/* Lets go all but the program. */
static void detach_others(struct hold *hold) {
    while (hold->traced.count) {
        size_t last = hold->traced.count - 1;
        pid_t pid = hold->traced.items[last];
        int status, event;
        if (pid == hold->child->program) {
            rp_vec_remove(&hold->traced, last);
            continue;
        }
        ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
        if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status)) {
            forget(hold, last, status);
            continue;
        }
        rp_vec_remove(&hold->traced, last);
        long signal = see_stop(hold, pid, status, &event);
        ptrace(PTRACE_DETACH, pid, NULL, (void *)signal);
    }
}

static struct rp_error *no_program(const struct hold *hold, const char *command) {
    return rp_error_hint_set(rp_error_new(ECHILD,
                                          hold->file ? "the command has ended, and did not run it"
                                                     : "the command has ended, and ran no program",
                                          "cannot watch `%s`", command),
                             "builtins of the shell are not programs; -p PID watches a process "
                             "that runs already");
}

static struct rp_error *wait_for_program(struct hold *hold, const char *command) {
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    while (!hold->child->program) {
        bool any = look(hold);
        if (hold->nomem)
            return rp_error_nomem();
        if (!hold->traced.count)
            return no_program(hold, command);
        if (rp_signals_interrupted())
            return rp_error_new(EINTR, "it was interrupted", "cannot wait for `%s`", command);
        if (!any)
            nanosleep(&pause, NULL);
    }
    detach_others(hold);
    hold->child->is_held = true;
    return NULL;
}

struct rp_error *rp_child_hold(struct rp_child *child, const char *command, const char *file) {
    if (!child->pid || child->gate < 0)
        return NULL;
    struct hold hold = {.child = child, .file = file};
    if (!rp_vec_push(&hold.traced, child->pid))
        return rp_error_nomem();
    long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    struct rp_error *err = NULL;
    if (ptrace(PTRACE_SEIZE, child->pid, NULL, (void *)options)) {
        err = rp_error_hint_set(
            rp_error_new(errno, NULL, "cannot stop `%s` before its program begins", command),
            "start the program first, and use -p PID");
    } else {
        rp_child_open_gate(child);
        err = wait_for_program(&hold, command);
        if (err && !child->ended)
            rp_child_signal_tree(child->pid, SIGKILL);
    }
    rp_vec_clear(&hold.traced);
    return err;
}

void rp_child_release(struct rp_child *child) {
    rp_child_open_gate(child);
    if (child->is_held)
        ptrace(PTRACE_DETACH, child->program, NULL, NULL);
    child->is_held = false;
}
