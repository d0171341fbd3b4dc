/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF ring buffer (Linux 5.8): one buffer for all CPUs, in order. docs/ring-buffers.md explains how
 * it works and what this reader does for the programs that fill it.
 *
 * The kernel wakes the reader of a ring buffer when the record at the position that the reader has
 * published is submitted (kernel/bpf/ringbuf.c, bpf_ringbuf_commit()). A reader that keeps up is
 * woken for every record, and the traced process pays for that. So while records flow and this
 * reader has read everything, it publishes the beginning of the last record instead of its end.
 * Then no new record is at the published position, nobody wakes the reader, and it polls every
 * RP_STREAM_LOOK_MS; programs wake it when another quarter of the ring is written (prelude/glue.h).
 * When records no longer flow, it publishes the end of the last one, and the kernel wakes it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "stream/stream.h"
#include "util/clock.h"
#include "util/error.h"

/* A flood must not keep the event loop from its signals. */
#define RECORDS_A_TURN 4096
/* A record that comes this soon after another begins a flow, which lasts while each poll finds this
 * many: with fewer records, a wake-up for each is no more work. */
#define FLOW_NS      (RP_STREAM_LOOK_MS * 1000000ULL)
#define FLOW_RECORDS 2

struct ringbuf {
    struct rp_stream *stream;
    struct ring_buffer *reader;
    /* Positions only grow: the reader's, on a writable page, and the kernel's. */
    uint64_t *published;
    const uint64_t *produced;
    size_t size; /* a power of two */
    size_t page;
    uint64_t position; /* the end of the last record read */
    uint64_t last;     /* the beginning of that record */
    uint64_t last_ns;  /* when the last record was read */
    unsigned count;    /* records read in this turn */
    bool flows;
    bool went_back; /* the last record is published, and will be read again */
};

/* ------------------------------------------------------------- reading */

static void publish(struct ringbuf *ring, uint64_t position) {
    __atomic_store_n(ring->published, position, __ATOMIC_RELEASE);
}

static uint64_t published(const struct ringbuf *ring) {
    return __atomic_load_n(ring->published, __ATOMIC_ACQUIRE);
}

static uint64_t produced(const struct ringbuf *ring) {
    return __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE);
}

/* While it runs, the record's own position is published. */
static int on_record(void *ctx, void *data, size_t size) {
    struct ringbuf *ring = ctx;
    uint64_t position = published(ring);
    if (ring->went_back && position == ring->last)
        return 0;
    ring->last = position;
    /* A negative return value ends the turn; the record still counts as read. */
    return rp_stream_deliver(ring->stream, data, size) && ++ring->count < RECORDS_A_TURN ? 0
                                                                                         : -EAGAIN;
}

/* Whether records flow, now that a poll has found some or none. */
static bool still_flows(struct ringbuf *ring) {
    if (!ring->count)
        return false;
    uint64_t now = rp_now_ns();
    bool soon = now - ring->last_ns < FLOW_NS;
    ring->last_ns = now;
    return ring->flows ? ring->count >= FLOW_RECORDS : soon;
}

/* Programs may have filled the ring since the end of the last record was published, and overwritten
 * that record. */
static bool is_last_intact(const struct ringbuf *ring) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return produced(ring) - ring->last <= ring->size;
}

/* A record that is held back takes space, and a large one takes too much. */
static bool go_back(struct ringbuf *ring) {
    if (ring->position - ring->last > ring->size / 16)
        return false;
    publish(ring, ring->last);
    if (is_last_intact(ring))
        return true;
    publish(ring, ring->position);
    return false;
}

/* A program that saw the end of the last record published may still have overwritten it after
 * go_back() checked; from now on none can. */
static void go_on(struct ringbuf *ring) {
    if (ring->went_back && !is_last_intact(ring)) {
        publish(ring, ring->position);
        ring->went_back = false;
    }
}

static enum rp_stream_state ringbuf_consume(void *state) {
    struct ringbuf *ring = state;
    go_on(ring);
    ring->count = 0;
    rp_bcc()->bpf_consume_ringbuf(ring->reader);
    ring->position = published(ring);
    ring->flows = still_flows(ring);
    ring->went_back = ring->flows && go_back(ring);
    if (ring->count == RECORDS_A_TURN)
        return RP_STREAM_HAS_MORE;
    if (ring->went_back)
        return RP_STREAM_FLOWS;
    /* Either the program that submits the next record sees the position, or we see its record. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return produced(ring) == ring->position ? RP_STREAM_IDLE : RP_STREAM_HAS_MORE;
}

/* A record that a program has begun on another CPU holds up later ones for a moment. */
static void ringbuf_catch_up(void *state) {
    struct ringbuf *ring = state;
    uint64_t end = produced(ring);
    ringbuf_consume(ring);
    while (ring->position < end) {
        sched_yield();
        ringbuf_consume(ring);
    }
}

/* ------------------------------------------------------------- opening */

static void ringbuf_close(void *state) {
    struct ringbuf *ring = state;
    if (ring->went_back)
        publish(ring, ring->position);
    if (ring->produced)
        munmap((void *)ring->produced, ring->page);
    if (ring->published)
        munmap(ring->published, ring->page);
    if (ring->reader)
        rp_bcc()->bpf_free_ringbuf(ring->reader);
    free(ring);
}

static void *map_page(const struct ringbuf *ring, int map_fd, int protection, off_t page) {
    void *at = mmap(NULL, ring->page, protection, MAP_SHARED, map_fd, page * (off_t)ring->page);
    return at == MAP_FAILED ? NULL : at;
}

static struct rp_error *open_ring(struct ringbuf *ring, int map_fd) {
    struct bpf_map_info info = {0};
    uint32_t info_size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map_fd, &info, &info_size))
        return rp_error_new(errno, NULL, "ring buffer");
    ring->size = info.max_entries;
    ring->page = (size_t)sysconf(_SC_PAGESIZE);
    ring->published = map_page(ring, map_fd, PROT_READ | PROT_WRITE, 0);
    ring->produced = map_page(ring, map_fd, PROT_READ, 1);
    if (ring->published && ring->produced)
        ring->reader = rp_bcc()->bpf_new_ringbuf(map_fd, on_record, ring);
    if (!ring->reader)
        return rp_error_new(errno, NULL, "ring buffer");
    ring->position = ring->last = published(ring);
    return NULL;
}

static struct rp_error *ringbuf_open(struct rp_stream *stream, int map_fd, void **state, int *fd) {
    struct ringbuf *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return rp_error_nomem();
    ring->stream = stream;
    struct rp_error *err = open_ring(ring, map_fd);
    if (err) {
        ringbuf_close(ring);
        return err;
    }
    *state = ring;
    *fd = map_fd; /* a ring buffer's own descriptor can be polled */
    return NULL;
}

const struct rp_stream_kind rp_ringbuf_kind = {.open = ringbuf_open,
                                               .consume = ringbuf_consume,
                                               .close = ringbuf_close,
                                               .catch_up = ringbuf_catch_up,
                                               .edge_triggered = true};
