/* SPDX-License-Identifier: Apache-2.0 */
/* BPF ring buffer (Linux 5.8): one buffer for all CPUs, in order. */
#include <bcc/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "stream/stream.h"
#include "util/error.h"

/* A flood must not keep the event loop from its signals. */
#define RECORDS_A_TURN 4096

struct ringbuf {
    struct rp_stream *stream;
    struct ring_buffer *reader;
    unsigned left; /* of this turn */
};

static int on_record(void *ctx, void *data, size_t size) {
    struct ringbuf *ring = ctx;
    /* A negative answer ends the turn; the record counts as read all the same. */
    return rp_stream_deliver(ring->stream, data, size) && --ring->left ? 0 : -EAGAIN;
}

static struct rp_error *ringbuf_open(struct rp_stream *stream, int map_fd, void **state, int *fd) {
    struct ringbuf *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return rp_error_nomem();
    ring->stream = stream;
    ring->reader = bpf_new_ringbuf(map_fd, on_record, ring);
    if (!ring->reader) {
        int errnum = errno;
        free(ring);
        return rp_error_new(errnum, NULL, "ring buffer");
    }
    *state = ring;
    *fd = map_fd; /* a ring buffer's own descriptor can be polled */
    return NULL;
}

static void ringbuf_consume(void *state) {
    struct ringbuf *ring = state;
    ring->left = RECORDS_A_TURN;
    bpf_consume_ringbuf(ring->reader);
}

static void ringbuf_close(void *state) {
    struct ringbuf *ring = state;
    bpf_free_ringbuf(ring->reader);
    free(ring);
}

const struct rp_stream_kind rp_ringbuf_kind = {
    .open = ringbuf_open, .consume = ringbuf_consume, .close = ringbuf_close};
