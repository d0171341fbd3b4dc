/* SPDX-License-Identifier: Apache-2.0 */
/* What programs send, what iterators write, and whether the session still wants it. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "compile/module.h"
#include "probe/probe.h"
#include "record/layout.h"
#include "session/session.h"
#include "util/cleanup.h"
#include "util/error.h"

#define RECORDS_A_LOOK 4096

struct rp_error *rp_session_listen(const struct rp_session *s, int fd, uint32_t events,
                                   uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
        return rp_error_new(errno, NULL, "cannot start the event loop");
    return NULL;
}

/* ------------------------------------------------------------- whether it is wanted */

void rp_session_disable_probes(struct rp_session *s) {
    for (size_t i = 0; i < s->probes.count; i++)
        rp_probe_disable(s->probes.items[i]);
}

bool rp_session_expired(int timer) {
    uint64_t times;
    return read(timer, &times, sizeof(times)) == sizeof(times);
}

void rp_session_close(struct rp_session *s) {
    s->stop = s->closed = true;
    rp_session_disable_probes(s);
}

static void close_gate(void *gate) {
    rp_session_close(gate);
}

/* Before each record: whether it is still wanted. Under a flood one turn of the loop may never end,
 * so now and then this looks whether the session has to. */
static bool admit_own(void *gate) {
    struct rp_session *s = gate;
    if (s->closed)
        return false;
    s->admitted++;
    if (s->admitted % RECORDS_A_LOOK == 0 && !s->stop) {
        rp_session_take_signals(s);
        s->stop |= rp_session_expired(s->timer);
        if (s->stop)
            rp_session_disable_probes(s);
    }
    return true;
}

/* What the library itself asks the program for is no event of the user's, which are counted. */
static bool admit(void *gate) {
    struct rp_session *s = gate;
    if (!admit_own(s))
        return false;
    if (++s->counted == s->opts.event_limit)
        rp_session_close(s);
    return true;
}

/* ------------------------------------------------------------- streams and the trace pipe */

struct rp_sink rp_session_sink(struct rp_session *s, rp_record_fn fn, void *ctx) {
    return (struct rp_sink){.fn = fn, .ctx = ctx, .admit = admit, .close = close_gate, .gate = s};
}

struct rp_error *rp_session_read(struct rp_session *s, struct rp_module *module, const char *name,
                                 rp_record_fn fn, void *ctx) {
    struct rp_sink sink = rp_session_sink(s, fn, ctx);
    struct rp_stream *stream;
    const struct rp_map_schema *schema = rp_module_map_schema(module, name);
    if (schema && schema->means == RP_MEANS_PROCESSES)
        sink.admit = admit_own;
    RP_TRY(rp_stream_open(module, name, &sink, &stream));
    uint32_t edge = stream->kind->edge_triggered ? EPOLLET : 0;
    struct rp_error *err = rp_session_listen(s, stream->fd, EPOLLIN | edge, RP_ON_STREAM);
    if (!err && rp_vec_push(&s->streams, stream))
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
        rp_session_close(s);
    return !s->closed;
}

struct rp_error *rp_session_read_trace(struct rp_session *s, rp_trace_fn fn, void *ctx) {
    RP_TRY(rp_trace_pipe_open(&s->trace));
    s->trace_fn = fn;
    s->trace_ctx = ctx;
    return rp_session_listen(s, s->trace.fd, EPOLLIN, RP_ON_STREAM);
}

void rp_session_consume_trace(struct rp_session *s) {
    s->delivering++;
    if (s->trace.fd >= 0)
        rp_trace_pipe_consume(&s->trace, on_trace_line, s);
    s->delivering--;
}

void rp_session_consume(struct rp_session *s) {
    s->streams_are = RP_STREAM_IDLE;
    s->delivering++;
    for (size_t i = 0; i < s->streams.count; i++) {
        enum rp_stream_state state = rp_stream_consume(s->streams.items[i]);
        if (state > s->streams_are)
            s->streams_are = state;
    }
    s->delivering--;
    rp_session_consume_trace(s);
}

static uint64_t records_seen(const struct rp_session *s) {
    uint64_t seen = s->trace_lines;
    for (size_t i = 0; i < s->streams.count; i++)
        seen += s->streams.items[i]->delivered + s->streams.items[i]->dropped;
    return seen;
}

void rp_session_drain(struct rp_session *s) {
    uint64_t before;
    do {
        before = records_seen(s);
        rp_session_consume(s);
    } while (records_seen(s) != before || s->streams_are == RP_STREAM_HAS_MORE);
    rp_output_flush();
}

/* ------------------------------------------------------------- what iterators write: once, in turn
 * with all else */

struct rp_error *rp_session_read_rows(struct rp_session *s, struct rp_module *module,
                                      rp_record_fn fn, void *ctx) {
    struct rp_layout *layout;
    RP_TRY(rp_layout_of_rows(module, &layout));
    const struct rp_row_reader reader = {
        .module = module, .fn = fn, .ctx = ctx, .record_size = layout ? layout->row_size : 0};
    rp_layout_free(layout);
    return rp_vec_push(&s->row_readers, reader) ? NULL : rp_error_nomem();
}

static bool ignore(void *ctx, const void *data, size_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return true;
}

static struct rp_row_reader reader_of(const struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->row_readers.count; i++)
        if (s->row_readers.items[i].module == module)
            return s->row_readers.items[i];
    return (struct rp_row_reader){.fn = ignore};
}

struct rp_error *rp_session_open_rows(struct rp_session *s, struct rp_probe *probe) {
    int fd;
    RP_TRY(rp_probe_open_rows(probe, &fd));
    if (fd < 0)
        return NULL;
    const struct rp_row_reader reader = reader_of(s, rp_probe_module(probe));
    const struct rp_sink sink = rp_session_sink(s, reader.fn, reader.ctx);
    struct rp_stream *stream;
    RP_TRY(rp_stream_open_rows(probe, fd, reader.record_size, &sink, &stream));
    s->streams_are = RP_STREAM_HAS_MORE;
    if (rp_vec_push(&s->streams, stream))
        return NULL;
    rp_stream_close(stream);
    return rp_error_nomem();
}

void rp_session_end_rows(struct rp_session *s, const struct rp_probe *probe) {
    for (size_t i = 0; i < s->streams.count; i++)
        if (s->streams.items[i]->probe == probe)
            rp_rows_end(s->streams.items[i]);
}

/* What reads the rows of the iterator; NULL: it is not one. */
static const struct rp_stream *stream_of(const struct rp_session *s, const struct rp_probe *probe) {
    for (size_t i = 0; i < s->streams.count; i++)
        if (s->streams.items[i]->probe == probe)
            return s->streams.items[i];
    return NULL;
}

bool rp_session_probe_ends(const struct rp_session *s, const struct rp_probe *probe) {
    return stream_of(s, probe);
}

bool rp_session_probe_ended(const struct rp_session *s, const struct rp_probe *probe) {
    const struct rp_stream *stream = stream_of(s, probe);
    return stream && stream->ended;
}

bool rp_session_is_through(const struct rp_session *s) {
    for (size_t i = 0; i < s->probes.count; i++)
        if (!rp_session_probe_ended(s, s->probes.items[i]))
            return false;
    return s->probes.count > 0;
}

void rp_session_forget_rows(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = s->row_readers.count; i-- > 0;)
        if (s->row_readers.items[i].module == module)
            rp_vec_remove(&s->row_readers, i);
}
