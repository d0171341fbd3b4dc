/* SPDX-License-Identifier: Apache-2.0 */
/* What an iterator's program writes: it runs while this is read, and is at its end when this is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/probe.h"
#include "stream/stream.h"
#include "util/error.h"

/* The kernel fills eight pages at a time, and refuses a single row that is larger. */
#define BUFFER_SIZE (64 << 10)

struct rows {
    struct rp_stream *stream;
    size_t record_size; /* bytes; 0: lines of text */
    size_t used;        /* bytes of `buffer` that are not handed over yet */
    char buffer[BUFFER_SIZE];
};

/* How many of the `left` bytes at `at` are a record, or a line with its end; 0: more must come. */
static size_t whole_record(const struct rows *rows, const char *at, size_t left) {
    if (rows->record_size)
        return left < rows->record_size ? 0 : rows->record_size;
    const char *end = memchr(at, '\n', left);
    return end ? (size_t)(end - at) + 1 : left == BUFFER_SIZE ? left : 0;
}

/* Hands over the whole records; what is left goes to the buffer's beginning. */
static void deliver(struct rows *rows) {
    const char *at = rows->buffer;
    size_t left = rows->used, size;
    bool wanted = true;
    while (wanted && (size = whole_record(rows, at, left))) {
        bool has_end = !rows->record_size && at[size - 1] == '\n';
        wanted = rp_stream_deliver(rows->stream, at, size - has_end);
        at += size;
        left -= size;
    }
    memmove(rows->buffer, at, left);
    rows->used = left;
}

static void stop(struct rp_stream *stream) {
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    stream->ended = true;
}

void rp_rows_end(struct rp_stream *stream) {
    stop(stream);
    stream->probe = NULL;
}

/* The last line may lack its end. */
static enum rp_stream_state end(struct rows *rows, int errnum) {
    struct rp_stream *stream = rows->stream;
    stream->errnum = errnum;
    if (rows->used && !rows->record_size)
        rp_stream_deliver(stream, rows->buffer, rows->used);
    rows->used = 0;
    stop(stream);
    return RP_STREAM_IDLE;
}

static enum rp_stream_state rows_consume(void *state) {
    struct rows *rows = state;
    const struct rp_stream *stream = rows->stream;
    if (stream->ended || rp_probe_is_paused(stream->probe))
        return RP_STREAM_IDLE;
    ssize_t got = read(stream->fd, rows->buffer + rows->used, sizeof(rows->buffer) - rows->used);
    if (got == 0)
        return end(rows, 0);
    /* EAGAIN: a million steps went by, and none of them wrote anything. */
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return end(rows, errno);
    rows->used += got > 0 ? (size_t)got : 0;
    deliver(rows);
    return RP_STREAM_HAS_MORE;
}

/* Nothing is sent but while this is read. */
static void rows_catch_up(void *state) {
    (void)state;
}

static void rows_close(void *state) {
    struct rows *rows = state;
    stop(rows->stream);
    free(rows);
}

static const struct rp_stream_kind rows_kind = {
    .consume = rows_consume, .close = rows_close, .catch_up = rows_catch_up};

struct rp_error *rp_stream_open_rows(struct rp_probe *probe, int fd, size_t record_size,
                                     const struct rp_sink *sink, struct rp_stream **out) {
    struct rp_stream *stream = calloc(1, sizeof(*stream));
    struct rows *rows = stream ? calloc(1, sizeof(*rows)) : NULL;
    if (!rows) {
        free(stream);
        close(fd);
        return rp_error_nomem();
    }
    *rows = (struct rows){.stream = stream, .record_size = record_size};
    *stream = (struct rp_stream){.kind = &rows_kind,
                                 .module = rp_probe_module(probe),
                                 .state = rows,
                                 .fd = fd,
                                 .sink = *sink,
                                 .probe = probe};
    *out = stream;
    return NULL;
}
