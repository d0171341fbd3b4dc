/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of a tool or one prompt owns: modules, probes, streams, and the event loop. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "compile/compile.h"
#include "compile/module.h"
#include "probe/probe.h"
#include "stream/stream.h"
#include "stream/trace_pipe.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/output.h"

#define RECORDS_A_LOOK 4096
#define NS_A_SECOND    1000000000ULL

/* Something to be done again and again. */
struct interval {
    int fd;
    rp_interval_fn fn;
    void *ctx;
};

struct rp_session {
    struct rp_session_opts opts;
    struct rp_child child;
    struct rp_module **modules;
    struct rp_probe **probes;
    struct rp_stream **streams;
    size_t module_count, probe_count, stream_count;
    enum rp_stream_state streams_are; /* the most urgent of them */
    struct rp_trace_pipe trace;
    rp_trace_fn trace_fn;
    void *trace_ctx;
    struct interval *intervals;
    size_t interval_count;
    int epoll, signals, timer;
    uint64_t admitted; /* records and trace lines let through so far */
    uint64_t trace_lines;
    bool closed; /* no more records are wanted */
    bool stop;   /* the loop shall end */
    sigset_t old_mask;
    struct sigaction old_pipe;
};

/* Adds `item` to the growing array `list`; what it owned before is the caller's to free on error.
 */
static bool append(void *list, size_t *count, void *item) {
    void ***array = list;
    void **longer = realloc(*array, (*count + 1) * sizeof(void *));
    if (!longer)
        return false;
    *array = longer;
    longer[(*count)++] = item;
    return true;
}

/* ------------------------------------------------------------- making and ending */

static struct rp_error *watch(const struct rp_session *s, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
        return rp_error_new(errno, NULL, "cannot start the event loop");
    return NULL;
}

static struct rp_error *open_loop(struct rp_session *s) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &s->old_pipe);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->epoll < 0 || s->signals < 0 || s->timer < 0)
        return rp_error_new(errno, NULL, "cannot start the event loop");
    RP_TRY(watch(s, s->signals, EPOLLIN));
    RP_TRY(watch(s, s->timer, EPOLLIN));
    /* The reader of a pipe is gone: EPOLLERR, always reported. A regular file refuses (EPERM). */
    rp_error_free(watch(s, STDOUT_FILENO, 0));
    return NULL;
}

struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out) {
    struct rp_session *s = calloc(1, sizeof(*s));
    if (!s)
        return rp_error_nomem();
    if (opts)
        memcpy(&s->opts, opts, opts->size < sizeof(s->opts) ? opts->size : sizeof(s->opts));
    s->epoll = s->signals = s->timer = s->trace.fd = s->child.gate = -1;
    struct rp_error *err = open_loop(s);
    pid_t pid = s->opts.target.pid;
    if (!err && pid && kill(pid, 0) && errno == ESRCH)
        err = rp_error_new(ESRCH, NULL, "cannot trace process %d", pid);
    if (!err && s->opts.command)
        err = rp_child_start(&s->child, s->opts.command, &s->old_mask);
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

static void disable_probes(struct rp_session *s) {
    for (size_t i = 0; i < s->probe_count; i++)
        rp_probe_disable(s->probes[i]);
}

static void free_probes(struct rp_session *s) {
    disable_probes(s); /* first all of them stop, then each waits for the kernel */
    for (size_t i = 0; i < s->probe_count; i++)
        rp_probe_free(s->probes[i]);
    s->probe_count = 0;
}

void rp_session_free(struct rp_session *s) {
    if (!s)
        return;
    free_probes(s);
    rp_child_end(&s->child);
    for (size_t i = 0; i < s->stream_count; i++)
        rp_stream_close(s->streams[i]);
    for (size_t i = 0; i < s->module_count; i++)
        rp_module_free(s->modules[i]);
    rp_trace_pipe_close(&s->trace);
    for (size_t i = 0; i < s->interval_count; i++)
        close(s->intervals[i].fd);
    free(s->intervals);
    free(s->probes);
    free(s->streams);
    free(s->modules);
    close_fd(s->timer);
    close_fd(s->signals);
    close_fd(s->epoll);
    sigaction(SIGPIPE, &s->old_pipe, NULL);
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    free(s);
}

pid_t rp_session_target(const struct rp_session *s) {
    return s->child.pid ? s->child.pid : s->opts.target.pid;
}

/* ------------------------------------------------------------- filling it */

/* `compile` is rp_module_compile() or its sister for files. */
static struct rp_error *add_module(struct rp_session *s, const char *text,
                                   struct rp_error *(*compile)(const char *,
                                                               const struct rp_compile_opts *,
                                                               struct rp_module **),
                                   const struct rp_compile_opts *given, struct rp_module **out) {
    struct rp_compile_opts opts = {0};
    if (given)
        memcpy(&opts, given, given->size < sizeof(opts) ? given->size : sizeof(opts));
    opts.size = sizeof(opts);
    opts.target = s->opts.target;
    opts.target.pid = rp_session_target(s);
    RP_TRY(compile(text, &opts, out));
    if (append(&s->modules, &s->module_count, *out))
        return NULL;
    rp_module_free(*out);
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

struct rp_error *rp_session_attach(struct rp_session *s, struct rp_module *module,
                                   const char *function, const char *spec, struct rp_probe **out) {
    struct rp_probe *probe;
    RP_TRY(rp_probe_attach_in(module, function, spec, s->opts.target.pid, &probe));
    if (append(&s->probes, &s->probe_count, probe)) {
        if (out)
            *out = probe;
        return NULL;
    }
    rp_probe_free(probe);
    return rp_error_nomem();
}

struct rp_error *rp_session_attach_named(struct rp_session *s, struct rp_module *module,
                                         size_t *count) {
    size_t attached = 0;
    for (size_t i = 0; i < rp_module_function_count(module); i++) {
        const char *function = rp_module_function_name(module, i);
        RP_AUTO_FREE char *spec = rp_probe_spec_of_function(function);
        if (!spec)
            continue;
        RP_TRY(rp_session_attach(s, module, function, spec, NULL));
        attached++;
    }
    if (count)
        *count = attached;
    return NULL;
}

void rp_session_print_probes(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->probe_count; i++)
        fprintf(out, "reprobe: attached to %s\n", rp_probe_spec(s->probes[i]));
}

static void on_signal(struct rp_session *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD) {
            s->stop = true;
            continue;
        }
        rp_child_reap(&s->child);
        s->stop |= s->child.ended;
    }
}

static bool expired(int fd) {
    uint64_t times;
    return read(fd, &times, sizeof(times)) == sizeof(times);
}

/* No more records are wanted: the probes stop at once, so that a flood does not go on while what
 * is left is thrown away. */
static void close_session(void *gate) {
    struct rp_session *s = gate;
    s->stop = s->closed = true;
    disable_probes(s);
}

/* Before each record: whether it is still wanted. Under a flood one turn of the loop may never end,
 * so now and then this looks whether the session shall. */
static bool admit(void *gate) {
    struct rp_session *s = gate;
    if (s->closed)
        return false;
    if (++s->admitted == s->opts.event_limit)
        close_session(s);
    if (s->admitted % RECORDS_A_LOOK == 0 && !s->stop) {
        on_signal(s);
        s->stop |= expired(s->timer);
        if (s->stop)
            disable_probes(s);
    }
    return true;
}

struct rp_error *rp_session_read(struct rp_session *s, struct rp_module *module, const char *name,
                                 rp_record_fn fn, void *ctx) {
    struct rp_sink sink = {.fn = fn, .ctx = ctx, .admit = admit, .close = close_session, .gate = s};
    struct rp_stream *stream;
    RP_TRY(rp_stream_open(module, name, &sink, &stream));
    uint32_t edge = stream->kind->edge_triggered ? EPOLLET : 0;
    struct rp_error *err = watch(s, stream->fd, EPOLLIN | edge);
    if (!err && append(&s->streams, &s->stream_count, stream))
        return NULL;
    rp_stream_close(stream);
    return err ? err : rp_error_nomem();
}

static bool on_trace_line(void *ctx, const struct rp_trace_line *line) {
    struct rp_session *s = ctx;
    if (!admit(s))
        return false;
    s->trace_lines++;
    if (!s->trace_fn(s->trace_ctx, line))
        close_session(s);
    return !s->closed;
}

struct rp_error *rp_session_read_trace(struct rp_session *s, rp_trace_fn fn, void *ctx) {
    RP_TRY(rp_trace_pipe_open(&s->trace));
    s->trace_fn = fn;
    s->trace_ctx = ctx;
    return watch(s, s->trace.fd, EPOLLIN);
}

static struct rp_error *set_timer(int fd, uint64_t first_ns, uint64_t every_ns) {
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(first_ns / NS_A_SECOND),
                                                 .tv_nsec = (long)(first_ns % NS_A_SECOND)},
                                    .it_interval = {.tv_sec = (time_t)(every_ns / NS_A_SECOND),
                                                    .tv_nsec = (long)(every_ns % NS_A_SECOND)}};
    return timerfd_settime(fd, 0, &when, NULL) ? rp_error_new(errno, NULL, "cannot set a timer")
                                               : NULL;
}

struct rp_error *rp_session_every(struct rp_session *s, uint64_t every_ns, rp_interval_fn fn,
                                  void *ctx) {
    struct interval *longer =
        realloc(s->intervals, (s->interval_count + 1) * sizeof(*s->intervals));
    if (!longer)
        return rp_error_nomem();
    s->intervals = longer;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return rp_error_new(errno, NULL, "cannot set a timer");
    s->intervals[s->interval_count++] = (struct interval){.fd = fd, .fn = fn, .ctx = ctx};
    RP_TRY(set_timer(fd, every_ns, every_ns));
    return watch(s, fd, EPOLLIN);
}

/* ------------------------------------------------------------- the loop */

static void consume_all(struct rp_session *s) {
    s->streams_are = RP_STREAM_IDLE;
    for (size_t i = 0; i < s->stream_count; i++) {
        enum rp_stream_state state = rp_stream_consume(s->streams[i]);
        if (state > s->streams_are)
            s->streams_are = state;
    }
    if (s->trace.fd >= 0)
        rp_trace_pipe_consume(&s->trace, on_trace_line, s);
}

static void on_event(struct rp_session *s, const struct epoll_event *event) {
    if (event->data.fd == s->signals)
        on_signal(s);
    else if (event->data.fd == s->timer)
        s->stop |= expired(s->timer);
    else if (event->data.fd == STDOUT_FILENO)
        close_session(s);
    for (size_t i = 0; i < s->interval_count; i++)
        if (event->data.fd == s->intervals[i].fd && expired(s->intervals[i].fd) &&
            !s->intervals[i].fn(s->intervals[i].ctx))
            s->stop = true;
}

/* One turn: wait, if nothing is there yet, then take what there is. */
static void turn(struct rp_session *s) {
    struct epoll_event events[8];
    int count = epoll_wait(s->epoll, events, 8, 0);
    if (count == 0 && s->streams_are != RP_STREAM_HAS_MORE) {
        if (!rp_output_flush())
            close_session(s);
        count = epoll_wait(s->epoll, events, 8,
                           s->streams_are == RP_STREAM_FLOWS ? RP_STREAM_LOOK_MS : -1);
    }
    for (int i = 0; i < count; i++)
        on_event(s, &events[i]);
    consume_all(s);
    if (ferror(stdout) && !rp_output_flush())
        close_session(s);
}

static uint64_t records_seen(const struct rp_session *s) {
    uint64_t seen = s->trace_lines;
    for (size_t i = 0; i < s->stream_count; i++)
        seen += s->streams[i]->delivered + s->streams[i]->dropped;
    return seen;
}

/* Reads what programs sent until nothing more comes. */
static void drain(struct rp_session *s) {
    uint64_t before;
    do {
        before = records_seen(s);
        consume_all(s);
    } while (records_seen(s) != before || s->streams_are == RP_STREAM_HAS_MORE);
    rp_output_flush();
}

struct rp_error *rp_session_run(struct rp_session *s) {
    rp_compile_release();
    if (s->opts.duration_ns)
        RP_TRY(set_timer(s->timer, s->opts.duration_ns, 0));
    rp_child_release(&s->child);
    while (!s->stop)
        turn(s);
    free_probes(s); /* waits until no program of theirs runs any more */
    drain(s);
    return NULL;
}

/* ------------------------------------------------------------- what happened */

void rp_session_stats(const struct rp_session *s, struct rp_stats *out) {
    *out = (struct rp_stats){.delivered = s->trace_lines};
    uint64_t kernel_lost = 0, counted = 0;
    for (size_t i = 0; i < s->stream_count; i++) {
        out->delivered += s->streams[i]->delivered;
        out->dropped += s->streams[i]->dropped;
        kernel_lost += s->streams[i]->kernel_lost;
    }
    for (size_t i = 0; i < s->module_count; i++)
        counted += rp_module_lost(s->modules[i]);
    /* Programs count each failed send; the kernel tells of a perf buffer's losses only with the
     * next record that fits, so its number is never the larger one unless programs cannot count. */
    out->lost = (counted > kernel_lost ? counted : kernel_lost) + s->trace.lost;
}

int rp_session_command_status(const struct rp_session *s) {
    return s->child.ended ? s->child.status : -1;
}

void rp_session_timings(const struct rp_session *s, struct rp_timings *out) {
    *out = (struct rp_timings){.cached = s->module_count > 0};
    for (size_t i = 0; i < s->module_count; i++) {
        struct rp_timings one;
        rp_module_timings(s->modules[i], &one);
        out->types_ms += one.types_ms;
        out->compile_ms += one.compile_ms;
        out->load_ms += one.load_ms;
        out->attach_ms += one.attach_ms;
        out->cached &= one.cached;
    }
}

static void report_command(const struct rp_session *s, FILE *out) {
    int status = rp_session_command_status(s);
    if (status > 0 && WIFSIGNALED(status))
        fprintf(out, "reprobe: the command was ended by signal %d\n", WTERMSIG(status));
    else if (status > 0)
        fprintf(out, "reprobe: the command ended with status %d\n", WEXITSTATUS(status));
}

static void report_loss(const struct rp_session *s, FILE *out) {
    struct rp_stats stats;
    rp_session_stats(s, &stats);
    if (stats.lost)
        fprintf(out,
                "reprobe: %llu event%s lost: the buffer was full (%llu delivered)\n"
                "hint: filter in the program, print less, or give a ring buffer more pages\n",
                (unsigned long long)stats.lost, stats.lost == 1 ? "" : "s",
                (unsigned long long)stats.delivered);
}

void rp_session_report(const struct rp_session *s, FILE *out) {
    report_command(s, out);
    report_loss(s, out);
}
