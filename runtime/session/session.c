/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of a tool or one prompt owns: modules, probes, streams, and the event loop. */
#include "session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "compile/compile.h"
#include "compile/module.h"
#include "kernel/privileges.h"
#include "probe/instance.h"
#include "probe/probe.h"
#include "probe/process_root.h"
#include "probe/progress.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"

#define NS_A_SECOND 1000000000ULL

/* ------------------------------------------------------------- making and ending */

static struct rp_error *open_loop(struct rp_session *s) {
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &s->old_pipe);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->epoll < 0 || s->timer < 0)
        return rp_error_new(errno, NULL, "cannot start the event loop");
    RP_TRY(rp_signals_open(s));
    RP_TRY(rp_session_listen(s, s->signals, EPOLLIN, RP_ON_SIGNAL));
    RP_TRY(rp_session_listen(s, s->timer, EPOLLIN, RP_ON_TIMER));
    /* The reader of a pipe is gone: EPOLLERR, always reported. A regular file refuses (EPERM). */
    rp_error_free(rp_session_listen(s, STDOUT_FILENO, 0, RP_ON_STDOUT));
    return NULL;
}

/* ------------------------------------------------------------- the process of -p */

/* Linux 5.3: on older kernels nobody says when it ends. */
static struct rp_error *watch_target(struct rp_session *s) {
    pid_t pid = s->target.pid;
    s->target_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (s->target_fd >= 0)
        return rp_session_listen(s, s->target_fd, EPOLLIN, RP_ON_TARGET);
    if ((errno == EINVAL || errno == ENOENT) && !kill(pid, 0))
        return rp_error_hint_set(rp_error_new(EINVAL, "it is a thread of another process",
                                              "cannot trace process %d", pid),
                                 "give the id of its process, as `ps` shows it");
    return kill(pid, 0) && errno == ESRCH
               ? rp_error_new(ESRCH, NULL, "cannot trace process %d", pid)
               : NULL;
}

/* Another process may get its id: none of that is to be traced. */
static void end_target(struct rp_session *s) {
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->target_fd, NULL);
    s->target_ended = true;
    s->stop |= s->opts.on_signal ? s->opts.on_signal(s->opts.ctx, SIGCHLD) : true;
}

static struct rp_error *read_opts(struct rp_session *s, const struct rp_session_opts *opts) {
    RP_TRY(rp_opts_read(&s->opts, sizeof(s->opts), opts, "rp_session_opts"));
    return rp_opts_read(&s->target, sizeof(s->target), s->opts.target, "rp_target");
}

struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out) {
    struct rp_session *s = calloc(1, sizeof(*s));
    if (!s)
        return rp_error_nomem();
    struct rp_error *err = read_opts(s, opts);
    if (err) {
        free(s);
        return err;
    }
    s->epoll = s->signals = s->timer = s->target_fd = s->trace.fd = s->child.gate = -1;
    s->last_number = RP_ON_WATCHED;
    err = open_loop(s);
    if (!err && s->target.pid)
        err = watch_target(s);
    rp_process_root_set(s->target.pid);
    rp_progress_set(rp_session_progress, s);
    if (!err && s->opts.command)
        err = rp_child_start(&s->child, &s->opts, &s->old_mask);
    if (err) {
        rp_session_free(s);
        return err;
    }
    *out = s;
    return NULL;
}

static void close_fd(int fd) {
    if (fd >= 0)
        close(fd);
}

static void free_probes(struct rp_session *s) {
    /* First all of them stop, then they wait for the kernel together. */
    rp_session_disable_probes(s);
    for (size_t i = 0; i < s->probes.count; i++)
        rp_probe_detach(s->probes.items[i]);
    for (size_t i = 0; i < s->probes.count; i++) {
        rp_session_end_rows(s, s->probes.items[i]);
        rp_probe_free(s->probes.items[i]);
    }
    s->probes.count = 0;
}

void rp_session_free(struct rp_session *s) {
    if (!s)
        return;
    free_probes(s);
    rp_process_root_set(0);
    rp_progress_set(NULL, NULL);
    rp_child_end(&s->child);
    for (size_t i = 0; i < s->streams.count; i++)
        rp_stream_close(s->streams.items[i]);
    for (size_t i = 0; i < s->modules.count; i++)
        rp_module_free(s->modules.items[i]);
    rp_session_clear_told(s);
    for (size_t i = 0; i < s->removed.count; i++)
        rp_module_free(s->removed.items[i]);
    rp_instances_flush();
    rp_trace_pipe_close(&s->trace);
    for (size_t i = 0; i < s->watched.count; i++)
        if (s->watched.items[i].is_timer)
            close(s->watched.items[i].fd);
    free(s->watched.items);
    free(s->probes.items);
    free(s->streams.items);
    free(s->row_readers.items);
    free(s->modules.items);
    free(s->removed.items);
    close_fd(s->timer);
    close_fd(s->target_fd);
    close_fd(s->epoll);
    sigaction(SIGPIPE, &s->old_pipe, NULL);
    rp_signals_close(s);
    free(s);
}

pid_t rp_session_target(const struct rp_session *s) {
    return s->child.pid ? s->child.pid : s->target.pid;
}

/* ------------------------------------------------------------- filling it */

/* `compile` is rp_module_compile() or its sister for files. */
static struct rp_error *add_module(struct rp_session *s, const char *text,
                                   struct rp_error *(*compile)(const char *,
                                                               const struct rp_compile_opts *,
                                                               struct rp_module **),
                                   const struct rp_compile_opts *given, struct rp_module **out) {
    struct rp_compile_opts opts;
    RP_TRY(rp_opts_read(&opts, sizeof(opts), given, "rp_compile_opts"));
    struct rp_target target = s->target;
    target.pid = rp_session_target(s);
    opts.target = &target;
    if (!rp_vec_reserve(&s->removed, s->modules.count + 1))
        return rp_error_nomem();
    RP_TRY(compile(text, &opts, out));
    if (rp_vec_push(&s->modules, *out))
        return NULL;
    rp_module_free(rp_take(*out));
    return rp_error_nomem();
}

struct rp_error *rp_session_compile(struct rp_session *s, const char *text,
                                    const struct rp_compile_opts *opts, struct rp_module **out) {
    return add_module(s, text, rp_module_compile, opts, out);
}

struct rp_error *rp_session_compile_file(struct rp_session *s, const char *path,
                                         const struct rp_compile_opts *opts,
                                         struct rp_module **out) {
    return add_module(s, path, rp_module_compile_file, opts, out);
}

/* The process that the probe is attached to; 0: all. */
static struct rp_error *find_process(struct rp_session *s, const char *spec, pid_t *pid) {
    RP_AUTO_FREE char *program = NULL;
    enum rp_tasks tasks = rp_probe_tasks(spec, &program);
    if (tasks == RP_TASKS_PROGRAM && s->child.gate >= 0) {
        RP_TRY(rp_probe_check(spec)); /* before anything of the command runs */
        struct rp_error *err = rp_child_hold(&s->child, s->opts.command, program);
        if (err)
            return rp_error_what_set(err, "cannot attach %s", spec);
    }
    *pid = tasks == RP_TASKS_ALL ? s->target.pid : rp_session_target(s);
    if (tasks == RP_TASKS_PROGRAM && s->child.program)
        *pid = s->child.program;
    return NULL;
}

struct rp_error *rp_session_attach(struct rp_session *s, struct rp_module *module,
                                   const char *function, const char *spec, struct rp_probe **out) {
    struct rp_probe *probe;
    pid_t pid = 0;
    RP_TRY(find_process(s, spec, &pid));
    RP_TRY(rp_probe_attach_in(module, function, spec, pid, &probe));
    struct rp_error *err =
        rp_vec_reserve(&s->probes, 1) ? rp_session_open_rows(s, probe) : rp_error_nomem();
    if (err) {
        rp_probe_free(probe);
        return err;
    }
    s->probes.items[s->probes.count++] = probe;
    if (out)
        *out = probe;
    return NULL;
}

/* ------------------------------------------------------------- timers and watched descriptors */

static struct rp_error *set_timer(int fd, uint64_t first_ns, uint64_t every_ns) {
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(first_ns / NS_A_SECOND),
                                                 .tv_nsec = (long)(first_ns % NS_A_SECOND)},
                                    .it_interval = {.tv_sec = (time_t)(every_ns / NS_A_SECOND),
                                                    .tv_nsec = (long)(every_ns % NS_A_SECOND)}};
    return timerfd_settime(fd, 0, &when, NULL) ? rp_error_new(errno, NULL, "cannot set a timer")
                                               : NULL;
}

/* What is watched is known by a number: a callback may end this, close the descriptor and open
 * another one, of which the events at hand tell nothing. */
static struct rp_error *add_watched(struct rp_session *s, const struct rp_watched *new) {
    if (!rp_vec_reserve(&s->watched, 1))
        return rp_error_nomem();
    struct rp_watched watched = *new;
    watched.number = ++s->last_number;
    struct rp_error *err = rp_session_listen(s, watched.fd, EPOLLIN, watched.number);
    watched.is_file = err && rp_error_errno(err) == EPERM;
    if (watched.is_file) {
        rp_error_free(err);
        err = NULL;
    }
    if (!err)
        s->watched.items[s->watched.count++] = watched;
    return err;
}

struct rp_error *rp_session_every(struct rp_session *s, uint64_t every_ns, rp_interval_fn fn,
                                  void *ctx) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return rp_error_new(errno, NULL, "cannot set a timer");
    struct rp_error *err = set_timer(fd, every_ns, every_ns);
    if (!err)
        err =
            add_watched(s, &(struct rp_watched){.fd = fd, .is_timer = true, .fn = fn, .ctx = ctx});
    if (err)
        close(fd);
    return err;
}

struct rp_error *rp_session_watch(struct rp_session *s, int fd, rp_ready_fn fn, void *ctx) {
    return add_watched(s, &(struct rp_watched){.fd = fd, .fn = fn, .ctx = ctx});
}

void rp_session_unwatch(struct rp_session *s, int fd) {
    for (size_t i = 0; i < s->watched.count; i++) {
        struct rp_watched *watched = &s->watched.items[i];
        if (watched->fd != fd || watched->is_timer)
            continue;
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
        rp_vec_remove(&s->watched, i);
        return;
    }
}

/* ------------------------------------------------------------- the loop */

static void call_watched(struct rp_session *s, const struct rp_watched *watched) {
    if (watched->is_timer && !rp_session_expired(watched->fd))
        return;
    s->stop |= !watched->fn(watched->ctx);
}

static void on_event(struct rp_session *s, uint64_t number) {
    if (number == RP_ON_SIGNAL)
        rp_session_take_signals(s);
    else if (number == RP_ON_TIMER)
        s->stop |= rp_session_expired(s->timer);
    else if (number == RP_ON_TARGET)
        end_target(s);
    else if (number == RP_ON_STDOUT)
        rp_session_close(s);
    for (size_t i = 0; i < s->watched.count; i++)
        if (s->watched.items[i].number == number) {
            struct rp_watched watched = s->watched.items[i]; /* the list may change now */
            call_watched(s, &watched);
            return;
        }
}

/* Those that epoll does not take. Returns whether there are any. */
static bool call_files(struct rp_session *s) {
    bool any = false;
    for (size_t i = 0; i < s->watched.count; i++)
        if (s->watched.items[i].is_file) {
            struct rp_watched watched = s->watched.items[i];
            call_watched(s, &watched);
            any = true;
        }
    return any;
}

/* How long a turn may wait, in milliseconds; -1: until something happens. */
static int before_wait(struct rp_session *s) {
    if (s->opts.before_wait)
        s->opts.before_wait(s->opts.ctx);
    if (rp_output_flush())
        rp_session_close(s);
    if (s->stop || s->streams_are == RP_STREAM_HAS_MORE)
        return 0;
    return s->streams_are == RP_STREAM_FLOWS ? RP_STREAM_LOOK_MS : -1;
}

/* One turn: wait, if nothing is there yet, then take what there is. */
static void turn(struct rp_session *s) {
    struct epoll_event events[8];
    bool more = call_files(s) || s->streams_are == RP_STREAM_HAS_MORE;
    int count = epoll_wait(s->epoll, events, 8, 0);
    if (count == 0 && !more)
        count = epoll_wait(s->epoll, events, 8, before_wait(s));
    for (int i = 0; i < count; i++)
        on_event(s, events[i].data.u64);
    rp_session_consume(s);
    if (s->removed.count)
        rp_session_end_removed(s);
    if (!s->opts.interactive && !s->opts.command)
        s->stop |= rp_session_is_through(s);
    if (ferror(stdout) && rp_output_flush())
        rp_session_close(s);
}

void rp_session_start_command(struct rp_session *s) {
    rp_child_release(&s->child);
}

struct rp_error *rp_session_start_time(struct rp_session *s) {
    if (!s->opts.duration_ns || s->timed)
        return NULL;
    s->timed = true;
    return set_timer(s->timer, s->opts.duration_ns, 0);
}

struct rp_error *rp_session_run(struct rp_session *s) {
    rp_signals_begin();
    if (!s->opts.interactive) {
        rp_compile_release();
        RP_TRY(rp_session_start_time(s));
        rp_child_release(&s->child);
    }
    if (s->opts.drop_privileges)
        rp_privileges_drop();
    while (!s->stop)
        turn(s);
    free_probes(s); /* waits until no program of theirs runs any more */
    rp_session_drain(s);
    return NULL;
}
