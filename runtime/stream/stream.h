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

/* What the event loop does before it reads a stream again. */
enum rp_stream_state {
    RP_STREAM_IDLE,     /* it waits until the descriptor is readable */
    RP_STREAM_FLOWS,    /* it waits for that, but at most RP_STREAM_LOOK_MS */
    RP_STREAM_HAS_MORE, /* nothing: more records are there already */
};

/* Half of the time within which a single record must show. */
#define RP_STREAM_LOOK_MS 5

/* A transport: perf buffer or ring buffer. Each is one file, which ends with its struct. */
struct rp_stream_kind {
    /* `fd` is the map's. *fd_out becomes readable when there are records; *state belongs to the
     * kind. */
    struct rp_error *(*open)(struct rp_stream *stream, int map_fd, void **state, int *fd_out);
    /* Passes the available records to the sink; returns early, without loss, when the sink closes
     * or after a bounded number of records, so that the event loop sees its signals. */
    enum rp_stream_state (*consume)(void *state);
    void (*close)(void *state);
    /* Passes all records sent before the call to the sink, however many they are, and not much
     * more. */
    void (*catch_up)(void *state);
    /* The descriptor stays readable even without records: only changes count. */
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
    uint64_t kernel_lost; /* from PERF_RECORD_LOST */
    /* Of an iterator's rows: */
    const struct rp_probe *probe; /* that is read; NULL: not any more */
    bool ended;                   /* nothing more comes */
    int errnum;                   /* why, before the end; 0: it was the end */
};

/* Opens the output `name` of the module; *out is ended by rp_stream_close(). */
struct rp_error *rp_stream_open(const struct rp_module *module, const char *name,
                                const struct rp_sink *sink, struct rp_stream **out);
/* What the program of an iterating probe writes while `fd` is read, which is the stream's from here
 * on: records of so many bytes, or (0) lines of text, which are handed over without their ends. */
struct rp_error *rp_stream_open_rows(struct rp_probe *probe, int fd, size_t record_size,
                                     const struct rp_sink *sink, struct rp_stream **out);
/* Ends such a stream before its end. */
void rp_rows_end(struct rp_stream *stream);
enum rp_stream_state rp_stream_consume(struct rp_stream *stream);
/* Passes on all records that programs sent before the call; it returns even if programs keep
 * sending. */
void rp_stream_catch_up(struct rp_stream *stream);
void rp_stream_close(struct rp_stream *stream);

/* For the kinds: one record has arrived. False: stop reading. */
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
