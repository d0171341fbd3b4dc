/* SPDX-License-Identifier: Apache-2.0 */
/* One output of a module, read through libbcc's callbacks. */
#ifndef RP_STREAM_STREAM_H
#define RP_STREAM_STREAM_H

#include "reprobe.h"

/* Where records go, and who says when to stop. */
struct rp_sink {
    rp_record_fn fn;
    void *ctx;
    /* Called before each record; when it returns false the record is counted as dropped. */
    bool (*admit)(void *gate);
    /* Called when `fn` wants no more. */
    void (*close)(void *gate);
    void *gate;
};

struct rp_stream;

/* What the event loop does before it looks at a stream again. */
enum rp_stream_state {
    RP_STREAM_IDLE,     /* it waits until the descriptor says that there are records */
    RP_STREAM_FLOWS,    /* it waits for that, but not longer than RP_STREAM_LOOK_MS */
    RP_STREAM_HAS_MORE, /* nothing: more records are there already */
};

/* Half of the time within which a lone record must show. */
#define RP_STREAM_LOOK_MS 5

/* A transport: perf buffer or ring buffer. One file each, closing with the one struct it defines.
 */
struct rp_stream_kind {
    /* `fd` is the map's. *fd_out becomes readable when there are records; *state is the kind's. */
    struct rp_error *(*open)(struct rp_stream *stream, int map_fd, void **state, int *fd_out);
    /* Hands over what is there; returns early, without loss, when the sink closes or after a
     * bounded number of records, so that the event loop sees its signals. */
    enum rp_stream_state (*consume)(void *state);
    void (*close)(void *state);
    /* Hands over all that was sent before the call, however many records that is, and not much
     * more. */
    void (*catch_up)(void *state);
    /* The descriptor stays readable while nothing is to be read: only changes count. */
    bool edge_triggered;
};

extern const struct rp_stream_kind rp_ringbuf_kind, rp_perfbuf_kind;

struct rp_stream {
    const struct rp_stream_kind *kind;
    const struct rp_module *module;
    void *state;
    int fd;
    struct rp_sink sink;
    uint64_t delivered, dropped;
    uint64_t kernel_lost; /* as PERF_RECORD_LOST tells */
};

/* Opens the output `name` of the module; *out is ended by rp_stream_close(). */
struct rp_error *rp_stream_open(const struct rp_module *module, const char *name,
                                const struct rp_sink *sink, struct rp_stream **out);
enum rp_stream_state rp_stream_consume(struct rp_stream *stream);
/* Hands over all that programs have sent before the call: programs that go on sending do not keep
 * it from returning. */
void rp_stream_catch_up(struct rp_stream *stream);
void rp_stream_close(struct rp_stream *stream);

/* For the kinds: one record has arrived. False when no more are wanted. */
static inline bool rp_stream_deliver(struct rp_stream *stream, const void *data, size_t size) {
    const struct rp_sink *sink = &stream->sink;
    if (!sink->admit(sink->gate)) {
        stream->dropped++;
        return false;
    }
    stream->delivered++;
    if (sink->fn(sink->ctx, data, size))
        return true;
    sink->close(sink->gate);
    return false;
}

#endif
