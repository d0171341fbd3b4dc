/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals. A thread takes them, so that they are seen whatever the program does: it hands them
 * to the session's loop, and ends the process where that does not take the one that asks it to end:
 * while it compiles, attaches, or writes to a pipe that nobody reads. What the kernel holds for the
 * process goes with it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kernel/privileges.h"
#include "session/session.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/private_dir.h"

/* A signal that the loop has not taken after this time ends the process. */
#define PATIENCE_MS 100
/* Once all is attached and while something is done, it will, or the end comes by itself; but not
 * for ever. */
#define LOOP_PATIENCE_MS 3000
#define LOOK_MS          10
/* Two signals within this time are one, sent to the process and to its group. */
#define ONE_MS 100

/* There is one loop in a process. */
static struct {
    pthread_t thread;
    sem_t started; /* it runs */
    bool runs;
    sigset_t ending;        /* the signals */
    int fd;                 /* they come here */
    atomic_bool comes;      /* one has come, and is not noted yet */
    pid_t looper;           /* the thread that has the loop */
    atomic_int untaken;     /* the signal that asks to end and that the loop has not taken, or 0 */
    atomic_bool has_begun;  /* the loop: all is attached */
    atomic_bool ended_loop; /* one that asks to end did */
    atomic_bool leave;      /* the thread is to end: a signal of its own wakes it */
    bool interactive, drop_privileges;
    const struct rp_child *child;
    struct termios terminal; /* as it was */
    bool has_terminal;
    uint64_t first_ns; /* when `untaken` came */
} signals;

bool rp_signals_interrupted(void) {
    return atomic_load(&signals.comes) || atomic_load(&signals.untaken) != 0;
}

void rp_signals_begin(void) {
    atomic_store(&signals.has_begun, true);
}

/* ------------------------------------------------------------- the end */

/* Whether the loop's thread waits in write(2), as it does when nobody reads what it writes. */
static bool is_writing(void) {
    char path[64], text[32];
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", signals.looper);
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    long number = file && fgets(text, sizeof(text), file) && *text != 'r' /* "running" */
                      ? strtol(text, NULL, 10)
                      : -1;
    return number == SYS_writev || number == SYS_write;
}

/* Whether the program is stuck, or does something that ends too late. */
static bool is_too_late(int signal) {
    double waited = rp_ms_since(signals.first_ns);
    if (waited < PATIENCE_MS)
        return false;
    if (!atomic_load(&signals.has_begun))
        return true;
    if (signals.interactive && signal == SIGINT)
        return false; /* it ends what the prompt does now; a second one ends it all */
    return is_writing() || waited > LOOP_PATIENCE_MS;
}

/* Leaves nothing behind that the kernel does not take away. */
__attribute__((noreturn)) static void end_process(int signal) {
    rp_private_dirs_remove();
    if (signals.child->pid > 0 && signals.child->gate < 0 && !signals.child->ended)
        rp_child_signal_tree(signals.child->pid, SIGTERM);
    if (signals.has_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &signals.terminal);
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    kill(getpid(), signal);
    pthread_sigmask(SIG_UNBLOCK, &signals.ending, NULL);
    _exit(128 + signal);
}

/* ------------------------------------------------------------- the thread */

static void take(int signal) {
    int untaken = atomic_load(&signals.untaken);
    bool is_second = untaken || atomic_load(&signals.ended_loop);
    if (is_second && rp_ms_since(signals.first_ns) > ONE_MS)
        end_process(signal);
    if (!is_second) {
        signals.first_ns = rp_now_ns();
        atomic_store(&signals.untaken, signal);
    }
    syscall(SYS_tgkill, getpid(), signals.looper, signal);
}

/* Whether one comes within that time; 0: none does. At each moment it is pending, comes, or is
 * noted. */
static int await_signal(int ms) {
    struct pollfd fd = {.fd = signals.fd, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&fd, 1, ms) <= 0)
        return 0;
    atomic_store(&signals.comes, true);
    return read(signals.fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

static void *watch(void *unused) {
    sem_post(&signals.started);
    /* libbcc enters other mount namespaces, which a process cannot whose threads share this. */
    unshare(CLONE_FS);
    if (signals.drop_privileges)
        rp_privileges_drop(); /* a thread's own */
    while (!atomic_load(&signals.leave)) {
        int untaken = atomic_load(&signals.untaken);
        int signal = await_signal(untaken ? LOOK_MS : -1);
        if (signal > 0 && !atomic_load(&signals.leave))
            take(signal);
        else if (!signal && untaken && atomic_load(&signals.untaken) && is_too_late(untaken))
            end_process(untaken);
        atomic_store(&signals.comes, false);
    }
    return unused;
}

static struct rp_error *start(const struct rp_session *s) {
    signals.interactive = s->opts.interactive;
    signals.drop_privileges = s->opts.drop_privileges;
    signals.child = &s->child;
    signals.looper = (pid_t)syscall(SYS_gettid);
    signals.has_terminal = tcgetattr(STDIN_FILENO, &signals.terminal) == 0;
    signals.fd = signalfd(-1, &signals.ending, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals.fd < 0)
        return rp_error_new(errno, NULL, "cannot receive signals");
    atomic_store(&signals.comes, false);
    atomic_store(&signals.untaken, 0);
    atomic_store(&signals.has_begun, false);
    atomic_store(&signals.ended_loop, false);
    atomic_store(&signals.leave, false);
    sem_init(&signals.started, 0, 0);
    int failed = pthread_create(&signals.thread, NULL, watch, NULL);
    signals.runs = !failed;
    /* A process that is forked while the thread is being made may lack a lock of its for good. */
    while (signals.runs && sem_wait(&signals.started) && errno == EINTR)
        ;
    if (failed)
        close(signals.fd);
    return failed ? rp_error_new(failed, NULL, "cannot start a thread") : NULL;
}

struct rp_error *rp_signals_open(struct rp_session *s) {
    sigset_t all;
    sigemptyset(&signals.ending);
    sigaddset(&signals.ending, SIGINT);
    sigaddset(&signals.ending, SIGTERM);
    sigaddset(&signals.ending, SIGHUP);
    all = signals.ending;
    sigaddset(&all, SIGCHLD);
    if (s->opts.on_signal) {
        sigaddset(&all, SIGWINCH);
        sigaddset(&all, SIGTSTP);
    }
    sigprocmask(SIG_BLOCK, &all, &s->old_mask);
    s->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? rp_error_new(errno, NULL, "cannot receive signals") : start(s);
}

void rp_signals_close(const struct rp_session *s) {
    if (signals.runs) {
        atomic_store(&signals.leave, true);
        pthread_kill(signals.thread, SIGHUP);
        pthread_join(signals.thread, NULL);
        close(signals.fd);
        signals.runs = false;
    }
    /* Those that came while it was ending wanted just that. */
    struct signalfd_siginfo info;
    while (s->signals >= 0 && read(s->signals, &info, sizeof(info)) == sizeof(info))
        ;
    if (s->signals >= 0)
        close(s->signals);
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

/* ------------------------------------------------------------- the loop's side */

/* The thread notes it as soon as it has come, and hands it to the loop. */
static int await_noted(void) {
    while (atomic_load(&signals.comes))
        sched_yield();
    return atomic_load(&signals.untaken);
}

/* It waits for the thread, or that has noted it, or it waits for the loop. In this order: it goes
 * from the first to the second. */
int rp_session_interrupted_by(const struct rp_session *s) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t pending;
    (void)s;
    if (!sigpending(&pending))
        for (size_t i = 0; i < RP_COUNT(ending); i++)
            if (sigismember(&pending, ending[i]) == 1)
                return ending[i];
    return await_noted();
}

void rp_session_take_interrupt(struct rp_session *s) {
    (void)s;
    const struct timespec soon = {.tv_nsec = PATIENCE_MS * 1000000L};
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    if (await_noted() == SIGINT && sigtimedwait(&interrupt, NULL, &soon) == SIGINT)
        atomic_store(&signals.untaken, 0);
}

void rp_session_take_signals(struct rp_session *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        int signal = (int)info.ssi_signo;
        bool ended = false;
        if (sigismember(&signals.ending, signal))
            atomic_store(&signals.untaken, 0);
        if (signal == SIGCHLD) {
            bool had_ended = s->child.ended;
            rp_child_reap(&s->child);
            ended = s->child.ended && !had_ended;
        }
        if (s->opts.on_signal)
            s->stop |= s->opts.on_signal(s->opts.ctx, signal);
        else
            s->stop |= signal != SIGCHLD || ended;
        if (s->stop && sigismember(&signals.ending, signal))
            atomic_store(&signals.ended_loop, true);
    }
}
