/* SPDX-License-Identifier: Apache-2.0 */
/* A session, as the files of this folder know it. */
#ifndef RP_SESSION_H
#define RP_SESSION_H

#include <signal.h>
#include <sys/types.h>

#include "record/losses.h"
#include "reprobe.h"
#include "stream/stream.h"
#include "stream/trace_pipe.h"
#include "util/vec.h"

/* The command that a session runs and traces. */
struct rp_child {
    pid_t pid;     /* 0: none */
    int gate;      /* closing it lets the command begin; -1 when it has */
    pid_t program; /* the program that it ran first, if somebody asked; 0: not known */
    bool is_held;  /* that waits before its first instruction */
    bool ended;
    int status; /* as wait(2) gives it */
};

/* Who gets the rows of a module's iterators. */
struct rp_row_reader {
    const struct rp_module *module;
    rp_record_fn fn;
    void *ctx;
    size_t record_size; /* 0: lines of text */
};

/* Something to be done when a descriptor can be read. */
struct rp_watched {
    uint64_t number; /* never that of another one, as its descriptor may be */
    int fd;
    bool is_timer; /* of rp_session_every(): the descriptor is ours */
    bool is_file;  /* epoll does not take it: it can always be read */
    bool (*fn)(void *ctx);
    void *ctx;
};

/* What was told of a module's losses while it ran. */
struct rp_module_told {
    const struct rp_module *module;
    struct rp_losses_told told;
};

struct rp_session {
    struct rp_session_opts opts;
    struct rp_target target; /* what opts.target points to */
    struct rp_child child;
    RP_VEC(struct rp_module *) modules;
    RP_VEC(struct rp_probe *) probes;
    RP_VEC(struct rp_stream *) streams;
    RP_VEC(struct rp_row_reader) row_readers;
    enum rp_stream_state streams_are; /* the most urgent of them */
    struct rp_trace_pipe trace;
    rp_trace_fn trace_fn;
    void *trace_ctx;
    RP_VEC(struct rp_watched) watched;
    uint64_t last_number;
    int epoll, signals, timer;
    int target_fd;     /* a pidfd of the process of -p, or -1 */
    bool target_ended; /* it has */
    bool timed;        /* the time runs after which the loop ends */
    uint64_t admitted; /* records and trace lines let through so far, */
    uint64_t counted;  /* and those of them that event_limit counts */
    uint64_t trace_lines;
    struct rp_stats gone; /* of modules that were removed */
    struct rp_timings gone_timings;
    struct rp_stats stats, module_stats; /* as they were asked for last */
    struct rp_timings timings;
    uint64_t told_lost; /* by rp_session_report_so_far() */
    RP_VEC(struct rp_module_told) told;
    unsigned delivering;                /* records are being handed out: outputs must stay */
    RP_VEC(struct rp_module *) removed; /* wait for that to end; there is room for all modules */
    bool closed;                        /* no more records are wanted */
    bool stop;                          /* the loop is to end */
    sigset_t old_mask;
    struct sigaction old_pipe;
};

/* What the loop waits for, as epoll tells it: of all else the number of a `struct rp_watched`. */
enum { RP_ON_SIGNAL, RP_ON_TIMER, RP_ON_TARGET, RP_ON_STDOUT, RP_ON_STREAM, RP_ON_WATCHED };

/* ---- records.c */

struct rp_error *rp_session_listen(const struct rp_session *s, int fd, uint32_t events,
                                   uint64_t number);
void rp_session_disable_probes(struct rp_session *s);
/* No more records are wanted: the probes stop at once, so that a flood does not go on while what is
 * left is thrown away. */
void rp_session_close(struct rp_session *s);
/* Whether a timer has expired since the last call. */
bool rp_session_expired(int timer);
/* Where a stream's records go: to `fn`, while the session wants them. */
struct rp_sink rp_session_sink(struct rp_session *s, rp_record_fn fn, void *ctx);
/* Hands out what the streams and the trace pipe have. */
void rp_session_consume(struct rp_session *s);
void rp_session_consume_trace(struct rp_session *s);
/* Both until nothing more comes. */
void rp_session_drain(struct rp_session *s);

/* Where the probe is an iterator, its rows become one of the session's streams. */
struct rp_error *rp_session_open_rows(struct rp_session *s, struct rp_probe *probe);
/* The probe will go, or move: its rows end. */
void rp_session_end_rows(struct rp_session *s, const struct rp_probe *probe);
/* Whether there are probes, and all of them are iterators that have come to their end. */
bool rp_session_is_through(const struct rp_session *s);
/* The module will go. */
void rp_session_forget_rows(struct rp_session *s, const struct rp_module *module);

/* ---- change.c */

/* Ends the modules that were removed while records were delivered. */
void rp_session_end_removed(struct rp_session *s);

/* ---- progress.c */

/* rp_session_attaching() as an rp_progress_fn. */
bool rp_session_progress(void *session, size_t done, size_t count);

/* ---- report.c */

/* Ends what rp_session_report_so_far() keeps, of one module before it is freed, or of all. */
void rp_session_forget_told(struct rp_session *s, const struct rp_module *module);
void rp_session_clear_told(struct rp_session *s);
/* Adds what the module did to what is known of those that are gone. */
void rp_session_add_gone(struct rp_session *s, const struct rp_module *module);

/* ---- child.c */

/* Forks; the child waits at the gate, so that its pid is known before it does anything. */
struct rp_error *rp_child_start(struct rp_child *child, const struct rp_session_opts *opts,
                                const sigset_t *signal_mask);
/* Sees whether it has ended. */
void rp_child_reap(struct rp_child *child);
/* Ends it and what it started (SIGTERM, after a second SIGKILL) if it still runs. */
void rp_child_end(struct rp_child *child);
/* For hold.c: lets it begin; signals the process and all that descend from it. */
void rp_child_open_gate(struct rp_child *child);
void rp_child_signal_tree(pid_t pid, int signo);

/* ---- signals.c */

/* Blocks the signals, which the loop reads from s->signals, and starts the thread that looks after
 * those that ask to end. */
struct rp_error *rp_signals_open(struct rp_session *s);
void rp_signals_close(const struct rp_session *s);
/* All is attached: from now on the loop sees them by itself. */
void rp_signals_begin(void);
/* Whether a signal asks to end that the loop has not taken: what takes long gives up. */
bool rp_signals_interrupted(void);
/* Sees which signals have come: whether the command has ended, and whether the session is to. */
void rp_session_take_signals(struct rp_session *s);

/* ---- hold.c */

/* Lets the command begin, until its shell starts a program, the one in `file` (NULL: any): that
 * waits before its first instruction, but what is in its memory has its place. Nothing happens if
 * the command has begun already. */
struct rp_error *rp_child_hold(struct rp_child *child, const char *command, const char *file);
/* Lets the command, or the program that is held, run. */
void rp_child_release(struct rp_child *child);

#endif
