/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question that is being typed is compiled in advance once no key came for a while; one that came
 * at once, as from the history or by a paste, right away. A child process does it, one at a time:
 * libbcc's output and its errors are its own, and it ends with the next key. It does what the line
 * would do here, up to the object that libbcc makes; so it has neither the descriptors of what is
 * attached nor attaches anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debug/debuginfod.h"
#include "probe/instance.h"
#include "prompt.h"
#include "screen.h"
#include "util/error.h"
#include "util/private_dir.h"
#include "util/worker.h"

/* After the last key: less than from there to Enter, and more than between the keys of a burst. */
#define STILL_NS (5 * 1000000L)
#define WHOLE_NS (1 * 1000000L) /* after a line that came at once */
#define AGAIN_NS (20 * 1000000L)
#define WAIT_MS  2000 /* that is, for ever: it takes some tens */

static struct {
    int timer;    /* 0: nothing is compiled in advance */
    bool asks;    /* the line is a command, not one of a block */
    char *line;   /* as it was when the last key came */
    pid_t child;  /* 0: none */
    pid_t killed; /* one to be waited for */
    int file, answer;
} ahead;

/* ------------------------------------------------------------------ the child */

static void forget_child(struct prompt *prompt) {
    rp_session_unwatch(prompt->session, ahead.answer);
    close(ahead.answer);
    ahead.killed = ahead.child;
    ahead.child = 0;
}

/* Does not wait for its end: it has some memory to give back. */
static void cancel(struct prompt *prompt) {
    if (!ahead.child)
        return;
    kill(ahead.child, SIGKILL);
    close(ahead.file);
    forget_child(prompt);
}

static void reap(int how) {
    if (ahead.killed > 0 && waitpid(ahead.killed, NULL, how) != 0)
        ahead.killed = 0;
}

void ahead_child_ended(void) {
    reap(WNOHANG);
}

/* It has answered, or ended. */
static bool take_answer(void *ctx) {
    struct prompt *prompt = ctx;
    char key[RP_AHEAD_KEY];
    if (!ahead.child)
        return true;
    if (read(ahead.answer, key, sizeof(key)) == sizeof(key))
        rp_compile_ahead_take(ahead.file, key);
    else
        close(ahead.file);
    forget_child(prompt);
    return true;
}

/* Of what the prompt has open it keeps nothing but where the object goes. */
_Noreturn static void compile(struct prompt *prompt, pid_t parent, int file, int answer) {
    int null = open("/dev/null", O_RDWR);
    int own_file = fcntl(file, F_DUPFD, 16), own_answer = fcntl(answer, F_DUPFD, 16);
    if (getppid() != parent || null < 0 || own_file < 0 || own_answer < 0)
        _exit(1);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    for (int fd = 3; fd <= 4; fd++)
        dup2(fd == 3 ? own_file : own_answer, fd);
    close_range(5, ~0U, 0);
    rp_compile_ahead_to(3, 4);
    rp_debuginfod_use(NULL); /* nothing is fetched before Enter */
    rp_error_free(verb_run(prompt, ahead.line));
    _exit(0);
}

static void start(struct prompt *prompt) {
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC))
        return;
    ahead.answer = ends[0];
    ahead.file = memfd_create("reprobe-ahead", MFD_CLOEXEC);
    pid_t child = ahead.file < 0 ? -1 : rp_worker_fork();
    if (child == 0)
        compile(prompt, parent, ahead.file, ends[1]);
    close(ends[1]);
    struct rp_error *err =
        child < 0 ? NULL : rp_session_watch(prompt->session, ahead.answer, take_answer, prompt);
    if (child > 0)
        ahead.child = child;
    if (child > 0 && !err)
        return;
    rp_error_free(err);
    if (child > 0)
        cancel(prompt);
    else if (close(ahead.answer) == 0 && ahead.file >= 0)
        close(ahead.file);
}

/* ------------------------------------------------------------------ when it is time */

static void set_timer(long ns) {
    timerfd_settime(ahead.timer, 0, &(struct itimerspec){.it_value = {.tv_nsec = ns}}, NULL);
}

static bool on_still(void *ctx) {
    struct prompt *prompt = ctx;
    uint64_t times;
    if (read(ahead.timer, &times, sizeof(times)) != sizeof(times) || !ahead.line || ahead.child)
        return true;
    reap(0);
    /* A lock that another thread has now would never be free in the child. */
    if (rp_instances_linger())
        set_timer(AGAIN_NS);
    else if (!prompt->job && ahead.asks && verb_asks(prompt, ahead.line))
        start(prompt);
    return true;
}

/* A key that is typed changes the length by one. */
static bool came_at_once(const char *before, const char *line) {
    size_t length = strlen(line), was = before ? strlen(before) : 0;
    return length != was + 1 && length + 1 != was;
}

void ahead_typed(struct prompt *prompt, bool asks) {
    const char *line = screen_line();
    if (!ahead.timer || (ahead.line && strcmp(ahead.line, line) == 0))
        return;
    bool at_once = came_at_once(ahead.line, line);
    free(ahead.line);
    ahead.line = strdup(line);
    ahead.asks = asks;
    cancel(prompt);
    if (*line) /* else it may just have been entered */
        rp_compile_ahead_take(0, NULL);
    set_timer(!*line ? 0 : at_once ? WHOLE_NS : STILL_NS);
}

void ahead_entered(struct prompt *prompt, const char *line) {
    struct pollfd answer = {.fd = ahead.answer, .events = POLLIN};
    if (ahead.child && ahead.line && strcmp(ahead.line, line) == 0 && poll(&answer, 1, WAIT_MS) > 0)
        take_answer(prompt);
}

struct rp_error *ahead_open(struct prompt *prompt) {
    ahead.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (ahead.timer < 0)
        return rp_error_new(errno, NULL, "cannot set a timer");
    return rp_session_watch(prompt->session, ahead.timer, on_still, prompt);
}

void ahead_close(struct prompt *prompt) {
    bool any = ahead.child || ahead.killed;
    cancel(prompt);
    reap(0);
    if (any)
        rp_private_dirs_sweep("tree");
    rp_compile_ahead_take(0, NULL);
    if (ahead.timer > 0)
        close(ahead.timer);
    free(ahead.line);
    ahead.timer = 0;
    ahead.line = NULL;
}
