/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"

/* In the child: 'G' through the gate means go; its closing without a word means the parent died. */
static void wait_and_run(int gate, const char *command, const sigset_t *signal_mask) {
    char go;
    if (read(gate, &go, 1) != 1)
        _exit(0);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, signal_mask, NULL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

struct rp_error *rp_child_start(struct rp_child *child, const char *command,
                                const sigset_t *signal_mask) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC))
        return rp_error_new(errno, NULL, "cannot run `%s`", command);
    child->pid = fork();
    if (child->pid == 0) {
        close(gate[1]);
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

void rp_child_release(struct rp_child *child) {
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
        kill(child->pid, SIGTERM);
    }
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; child->pid > 0 && !child->ended; i++) {
        rp_child_reap(child);
        if (child->ended)
            break;
        if (i == 100)
            kill(child->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}
