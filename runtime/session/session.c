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

#include "compile/compile.h"
#include "compile/module.h"
#include "probe/instance.h"
#include "probe/probe.h"
#include "session/child.h"
#include "stream/stream.h"
#include "stream/trace_pipe.h"
#include "util/cleanup.h"
#include "util/error.h"

#define RECORDS_A_LOOK 4096
#define NS_A_SECOND    1000000000ULL

/* What the loop waits for, as epoll tells it: of all else the number of a `struct watched`. */
enum { ON_SIGNAL, ON_TIMER, ON_STDOUT, ON_STREAM, ON_WATCHED };

/* Something to be done when a descriptor can be read. */
struct watched {
    uint64_t number; /* never that of another one, as its descriptor may be */
    int fd;
    bool is_timer; /* of rp_session_every(): the descriptor is ours */
    bool is_file;  /* epoll does not take it: it can always be read */
    bool (*fn)(void *ctx);
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
    struct watched *watched;
    size_t watched_count;
    uint64_t last_number;
    int epoll, signals, timer;
    uint64_t admitted; /* records and trace lines let through so far */
    uint64_t trace_lines;
    struct rp_stats gone; /* of modules that were removed */
    struct rp_timings gone_timings;
    unsigned delivering;        /* records are being handed out: outputs must stay */
    struct rp_module **removed; /* wait for that to end; there is room for all modules */
    size_t removed_count;
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

static struct rp_error *listen_to(const struct rp_session *s, int fd, uint32_t events,
                                  uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
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
    if (s->opts.on_signal) {
        sigaddset(&mask, SIGWINCH);
        sigaddset(&mask, SIGTSTP);
    }
    sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &s->old_pipe);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->epoll < 0 || s->signals < 0 || s->timer < 0)
        return rp_error_new(errno, NULL, "cannot start the event loop");
    RP_TRY(listen_to(s, s->signals, EPOLLIN, ON_SIGNAL));
    RP_TRY(listen_to(s, s->timer, EPOLLIN, ON_TIMER));
    /* The reader of a pipe is gone: EPOLLERR, always reported. A regular file refuses (EPERM). */
    rp_error_free(listen_to(s, STDOUT_FILENO, 0, ON_STDOUT));
    return NULL;
}

struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out) {
    struct rp_session *s = calloc(1, sizeof(*s));
    if (!s)
        return rp_error_nomem();
    if (opts)
        memcpy(&s->opts, opts, opts->size < sizeof(s->opts) ? opts->size : sizeof(s->opts));
    s->epoll = s->signals = s->timer = s->trace.fd = s->child.gate = -1;
    s->last_number = ON_WATCHED;
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
    for (size_t i = 0; i < s->removed_count; i++)
        rp_module_free(s->removed[i]);
    rp_instances_flush();
    rp_trace_pipe_close(&s->trace);
    for (size_t i = 0; i < s->watched_count; i++)
        if (s->watched[i].is_timer)
            close(s->watched[i].fd);
    free(s->watched);
    free(s->probes);
    free(s->streams);
    free(s->modules);
    free(s->removed);
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
    struct rp_module **capacity =
        realloc(s->removed, (s->module_count + s->removed_count + 1) * sizeof(struct rp_module *));
    if (!capacity)
        return rp_error_nomem();
    s->removed = capacity;
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

/* Of a pattern its places, by number. */
static void print_places(const struct rp_probe *probe, FILE *out) {
    if (!rp_probe_is_pattern(rp_probe_spec(probe)))
        return;
    for (size_t i = 0; i < rp_probe_match_count(probe); i++)
        fprintf(out, "reprobe: place %zu is %s\n", i, rp_probe_match(probe, i));
}

void rp_session_print_probes(const struct rp_session *s, FILE *out) {
    for (size_t i = 0; i < s->probe_count; i++) {
        fprintf(out, "reprobe: attached to %s\n", rp_probe_spec(s->probes[i]));
        print_places(s->probes[i], out);
    }
}

static void on_signal(struct rp_session *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        int signal = (int)info.ssi_signo;
        bool ended = false;
        if (signal == SIGCHLD) {
            bool had_ended = s->child.ended;
            rp_child_reap(&s->child);
            ended = s->child.ended && !had_ended;
        }
        if (s->opts.on_signal)
            s->stop |= s->opts.on_signal(s->opts.ctx, signal);
        else
            s->stop |= signal != SIGCHLD || ended;
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
    struct rp_error *err = listen_to(s, stream->fd, EPOLLIN | edge, ON_STREAM);
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
    return listen_to(s, s->trace.fd, EPOLLIN, ON_STREAM);
}

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
static struct rp_error *add_watched(struct rp_session *s, const struct watched *new) {
    struct watched *longer = realloc(s->watched, (s->watched_count + 1) * sizeof(*s->watched));
    if (!longer)
        return rp_error_nomem();
    s->watched = longer;
    struct watched *watched = &longer[s->watched_count];
    *watched = *new;
    watched->number = ++s->last_number;
    struct rp_error *err = listen_to(s, new->fd, EPOLLIN, watched->number);
    watched->is_file = err && rp_error_errno(err) == EPERM;
    if (watched->is_file) {
        rp_error_free(err);
        err = NULL;
    }
    s->watched_count += !err;
    return err;
}

struct rp_error *rp_session_every(struct rp_session *s, uint64_t every_ns, rp_interval_fn fn,
                                  void *ctx) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return rp_error_new(errno, NULL, "cannot set a timer");
    struct rp_error *err = set_timer(fd, every_ns, every_ns);
    if (!err)
        err = add_watched(s, &(struct watched){.fd = fd, .is_timer = true, .fn = fn, .ctx = ctx});
    if (err)
        close(fd);
    return err;
}

struct rp_error *rp_session_watch(struct rp_session *s, int fd, rp_ready_fn fn, void *ctx) {
    return add_watched(s, &(struct watched){.fd = fd, .fn = fn, .ctx = ctx});
}

void rp_session_unwatch(struct rp_session *s, int fd) {
    for (size_t i = 0; i < s->watched_count; i++) {
        struct watched *watched = &s->watched[i];
        if (watched->fd != fd || watched->is_timer)
            continue;
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
        memmove(watched, watched + 1, (--s->watched_count - i) * sizeof(*watched));
        return;
    }
}

/* ------------------------------------------------------------- the loop */

static void consume_trace(struct rp_session *s) {
    s->delivering++;
    if (s->trace.fd >= 0)
        rp_trace_pipe_consume(&s->trace, on_trace_line, s);
    s->delivering--;
}

static void consume_all(struct rp_session *s) {
    s->streams_are = RP_STREAM_IDLE;
    s->delivering++;
    for (size_t i = 0; i < s->stream_count; i++) {
        enum rp_stream_state state = rp_stream_consume(s->streams[i]);
        if (state > s->streams_are)
            s->streams_are = state;
    }
    s->delivering--;
    consume_trace(s);
}

/* ------------------------------------------------------------- moving and ending its parts */

static void end_removed(struct rp_session *s);

/* Delivers what the module's programs have sent until now. While records are delivered already,
 * this is not the time: they come in their turn. */
static void catch_up(struct rp_session *s, const struct rp_module *module) {
    if (s->delivering)
        return;
    s->delivering++;
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i]->module == module)
            rp_stream_catch_up(s->streams[i]);
    s->delivering--;
    if (rp_module_prints_trace(module))
        consume_trace(s);
    s->streams_are = RP_STREAM_HAS_MORE; /* what it is nobody has looked at */
    end_removed(s);
}

struct rp_error *rp_session_move(struct rp_session *s, struct rp_probe *probe, const char *spec) {
    RP_TRY(rp_probe_move(probe, spec));
    catch_up(s, rp_probe_module(probe));
    return NULL;
}

struct rp_error *rp_session_pause(struct rp_session *s, struct rp_probe *probe) {
    RP_TRY(rp_probe_pause(probe));
    catch_up(s, rp_probe_module(probe));
    return NULL;
}

static void take_out(void *list, size_t *count, size_t i) {
    void **array = list;
    memmove(&array[i], &array[i + 1], (--*count - i) * sizeof(*array));
}

void rp_session_detach(struct rp_session *s, struct rp_probe *probe) {
    const struct rp_module *module = rp_probe_module(probe);
    for (size_t i = 0; i < s->probe_count; i++)
        if (s->probes[i] == probe) {
            take_out(s->probes, &s->probe_count, i);
            break;
        }
    rp_probe_leave(probe);
    catch_up(s, module);
}

static void detach_all_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->probe_count; i++)
        if (rp_probe_module(s->probes[i]) == module)
            rp_probe_disable(s->probes[i]);
    for (size_t i = s->probe_count; i-- > 0;)
        if (rp_probe_module(s->probes[i]) == module) {
            struct rp_probe *probe = s->probes[i];
            take_out(s->probes, &s->probe_count, i);
            rp_probe_leave(probe);
        }
}

static void close_streams_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = s->stream_count; i-- > 0;)
        if (s->streams[i]->module == module) {
            struct rp_stream *stream = s->streams[i];
            take_out(s->streams, &s->stream_count, i);
            epoll_ctl(s->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
            rp_stream_close(stream);
        }
}

static bool refuse(void *gate) {
    (void)gate;
    return false;
}

/* Whoever removes a module from within a callback of records does not expect any more of them. */
static void mute_streams_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i]->module == module)
            s->streams[i]->sink.admit = refuse;
}

static void add_timings(struct rp_timings *sum, const struct rp_module *module) {
    struct rp_timings one;
    rp_module_timings(module, &one);
    sum->types_ms += one.types_ms;
    sum->compile_ms += one.compile_ms;
    sum->load_ms += one.load_ms;
    sum->attach_ms += one.attach_ms;
    sum->cached &= one.cached;
}

static void add_stats(struct rp_stats *sum, const struct rp_session *s,
                      const struct rp_module *module) {
    struct rp_stats one;
    rp_session_module_stats(s, module, &one);
    sum->delivered += one.delivered;
    sum->dropped += one.dropped;
    sum->lost += one.lost;
}

static void end_module(struct rp_session *s, struct rp_module *module) {
    catch_up(s, module);
    add_stats(&s->gone, s, module);
    add_timings(&s->gone_timings, module);
    close_streams_of(s, module);
    rp_module_free(module);
}

/* Those that were removed while records were delivered. */
static void end_removed(struct rp_session *s) {
    while (!s->delivering && s->removed_count)
        end_module(s, s->removed[--s->removed_count]);
}

void rp_session_remove(struct rp_session *s, struct rp_module *module) {
    detach_all_of(s, module);
    for (size_t i = 0; i < s->module_count; i++)
        if (s->modules[i] == module) {
            take_out(s->modules, &s->module_count, i);
            break;
        }
    if (!s->delivering) {
        end_module(s, module);
        return;
    }
    mute_streams_of(s, module);
    s->removed[s->removed_count++] = module;
}

static void call_watched(struct rp_session *s, const struct watched *watched) {
    if (watched->is_timer && !expired(watched->fd))
        return;
    s->stop |= !watched->fn(watched->ctx);
}

static void on_event(struct rp_session *s, uint64_t number) {
    if (number == ON_SIGNAL)
        on_signal(s);
    else if (number == ON_TIMER)
        s->stop |= expired(s->timer);
    else if (number == ON_STDOUT)
        close_session(s);
    for (size_t i = 0; i < s->watched_count; i++)
        if (s->watched[i].number == number) {
            struct watched watched = s->watched[i]; /* the list may change now */
            call_watched(s, &watched);
            return;
        }
}

/* Those that epoll does not take. Returns whether there are any. */
static bool call_files(struct rp_session *s) {
    bool any = false;
    for (size_t i = 0; i < s->watched_count; i++)
        if (s->watched[i].is_file) {
            struct watched watched = s->watched[i];
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
        close_session(s);
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
    consume_all(s);
    end_removed(s);
    if (ferror(stdout) && rp_output_flush())
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

void rp_session_start_command(struct rp_session *s) {
    rp_child_release(&s->child);
}

struct rp_error *rp_session_run(struct rp_session *s) {
    if (!s->opts.interactive)
        rp_compile_release();
    if (s->opts.duration_ns)
        RP_TRY(set_timer(s->timer, s->opts.duration_ns, 0));
    if (!s->opts.interactive)
        rp_child_release(&s->child);
    while (!s->stop)
        turn(s);
    free_probes(s); /* waits until no program of theirs runs any more */
    drain(s);
    return NULL;
}

/* ------------------------------------------------------------- what happened */

void rp_session_module_stats(const struct rp_session *s, const struct rp_module *module,
                             struct rp_stats *out) {
    *out = (struct rp_stats){0};
    uint64_t kernel_lost = 0, counted = rp_module_lost(module);
    for (size_t i = 0; i < s->stream_count; i++) {
        const struct rp_stream *stream = s->streams[i];
        if (stream->module != module)
            continue;
        out->delivered += stream->delivered;
        out->dropped += stream->dropped;
        kernel_lost += stream->kernel_lost;
    }
    /* Programs count each failed send; the kernel tells of a perf buffer's losses only with the
     * next record that fits, so its number is never the larger one unless programs cannot count. */
    out->lost = counted > kernel_lost ? counted : kernel_lost;
}

void rp_session_stats(const struct rp_session *s, struct rp_stats *out) {
    *out = s->gone;
    out->delivered += s->trace_lines;
    out->lost += s->trace.lost;
    for (size_t i = 0; i < s->module_count; i++)
        add_stats(out, s, s->modules[i]);
    for (size_t i = 0; i < s->removed_count; i++)
        add_stats(out, s, s->removed[i]);
}

int rp_session_command_status(const struct rp_session *s) {
    return s->child.ended ? s->child.status : -1;
}

void rp_session_timings(const struct rp_session *s, struct rp_timings *out) {
    *out = s->gone_timings;
    out->cached = s->module_count > 0;
    for (size_t i = 0; i < s->module_count; i++)
        add_timings(out, s->modules[i]);
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
