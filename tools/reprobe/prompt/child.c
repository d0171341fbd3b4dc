/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

static void become(const struct prompt *prompt, const char *command, const char *arg, int input) {
    sigset_t none;
    if (input < 0 && !prompt->terminal) /* our commands are not for it */
        input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0)
        dup2(input, STDIN_FILENO);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execl("/bin/sh", "sh", "-c", command, "sh", arg, (char *)NULL);
    _exit(127);
}

struct rp_error *child_start(const struct prompt *prompt, const char *command, const char *arg,
                             int input, pid_t *child) {
    fflush(stdout);
    *child = fork();
    if (*child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        become(prompt, command, arg, input);
    }
    return *child < 0 ? rp_error_new(errno, NULL, "cannot run %s", command) : NULL;
}

/* ------------------------------------------------------------------ in front */

struct front {
    pid_t child;
    int status;
    void (*ended)(struct prompt *prompt, int status);
};

static bool child_ended(struct prompt *prompt, void *ctx) {
    struct front *front = ctx;
    (void)prompt;
    if (front->child <= 0 || waitpid(front->child, &front->status, WNOHANG) != front->child)
        return true; /* that was another one */
    front->child = 0;
    return false;
}

static void end(struct prompt *prompt, void *ctx) {
    struct front *front = ctx;
    if (front->child > 0) {
        kill(front->child, SIGTERM);
        waitpid(front->child, &front->status, 0);
    }
    if (prompt->passed_on)
        fputc('\n', stderr);
    input_return(prompt);
    if (front->ended)
        front->ended(prompt, front->status);
    free(front);
}

static struct rp_error *start(struct prompt *prompt, const char *command, int input,
                              struct front *front) {
    struct rp_error *err = child_start(prompt, command, NULL, input, &front->child);
    if (input >= 0)
        close(input);
    if (!err)
        err = prompt_start(prompt, &(struct job){.child_ended = child_ended,
                                                 .end = end,
                                                 .ctx = front,
                                                 .mute = true,
                                                 .ignores_interrupts = true});
    return err;
}

struct rp_error *child_run(struct prompt *prompt, const char *command, int input,
                           void (*ended)(struct prompt *prompt, int status)) {
    struct front *front = calloc(1, sizeof(*front));
    if (!front)
        return rp_error_nomem();
    front->ended = ended;
    prompt->passed_on = false;
    input_leave(prompt);
    struct rp_error *err = start(prompt, command, input, front);
    if (!err)
        return NULL;
    free(front);
    input_return(prompt);
    return err;
}
