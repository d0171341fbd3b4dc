/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF ring buffer (Linux 5.8): one buffer for all CPUs, in order. docs/ring-buffers.md tells how
 * it works and what this reader does for the programs that fill it.
 *
 * The kernel wakes the reader of a ring buffer when the record that the reader waits for, the one
 * at the position that it has published, is submitted (kernel/bpf/ringbuf.c, bpf_ringbuf_commit()).
 * A reader that keeps up is woken for every record, and the traced process pays. So while records
 * flow, this one publishes the beginning of the last record that it has read: no record is the
 * one it waits for, nobody wakes it, and it looks by itself every RP_STREAM_LOOK_MS; programs wake
 * it when another quarter of the ring is written (prelude/glue.h). When they no longer flow, it
 * publishes all it has read and waits for the kernel.
 *
 * libbpf's reader, which libbcc uses, publishes its position after each record.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream/stream.h"
#include "util/clock.h"
#include "util/error.h"

/* A flood must not keep the event loop from its signals. */
#define RECORDS_A_TURN 4096
/* A record that comes so soon after another begins a flow, which goes on while each look finds as
 * many: with fewer, to be woken for each is no more work. */
#define FLOW_NS      (RP_STREAM_LOOK_MS * 1000000ULL)
#define FLOW_RECORDS 2

struct ringbuf {
    struct rp_stream *stream;
    /* What the kernel shares: its own position and the records, twice in a row, so that none is
     * cut at the end; and the reader's position, on a page that can be written. */
    uint64_t *published;
    const uint64_t *produced;
    const uint8_t *records;
    size_t size; /* a power of two */
    size_t page;
    uint64_t position; /* of the next record; positions only grow */
    uint64_t last;     /* of the last record read */
    uint64_t last_ns;  /* when a record was read last */
    bool flows;
};

/* ------------------------------------------------------------- opening */

static void ringbuf_close(void *state);

static struct rp_error *map_pages(struct ringbuf *ring, int map_fd) {
    void *own = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (own == MAP_FAILED)
        return rp_error_new(errno, NULL, "ring buffer");
    ring->published = own;
    void *kernels =
        mmap(NULL, ring->page + 2 * ring->size, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
    if (kernels == MAP_FAILED)
        return rp_error_new(errno, NULL, "ring buffer");
    ring->produced = kernels;
    ring->records = (const uint8_t *)kernels + ring->page;
    ring->position = ring->last = __atomic_load_n(ring->published, __ATOMIC_ACQUIRE);
    return NULL;
}

static struct rp_error *ringbuf_open(struct rp_stream *stream, int map_fd, void **state, int *fd) {
    struct bpf_map_info info = {0};
    uint32_t info_size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map_fd, &info, &info_size))
        return rp_error_new(errno, NULL, "ring buffer");
    struct ringbuf *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return rp_error_nomem();
    ring->stream = stream;
    ring->size = info.max_entries;
    ring->page = (size_t)sysconf(_SC_PAGESIZE);
    struct rp_error *err = map_pages(ring, map_fd);
    if (err) {
        ringbuf_close(ring);
        return err;
    }
    *state = ring;
    *fd = map_fd; /* a ring buffer's own descriptor can be polled */
    return NULL;
}

/* ------------------------------------------------------------- reading */

static void publish(struct ringbuf *ring, uint64_t position) {
    __atomic_store_n(ring->published, position, __ATOMIC_RELEASE);
}

/* The header of the next record, as it is now; false when there is none that is complete. */
static bool next_header(const struct ringbuf *ring, uint32_t *header) {
    if (ring->position == __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE))
        return false;
    const uint8_t *at = ring->records + (ring->position & (ring->size - 1));
    *header = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
    return !(*header & BPF_RINGBUF_BUSY_BIT);
}

/* The bytes that a record takes: with its header, a multiple of 8. */
static uint64_t record_bytes(uint32_t header) {
    uint32_t size = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    return (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
}

/* Hands the record over, unless its program discarded it. False when no more are wanted. */
static bool deliver(struct ringbuf *ring, uint32_t header) {
    const uint8_t *at = ring->records + (ring->position & (ring->size - 1));
    bool go_on = header & BPF_RINGBUF_DISCARD_BIT ||
                 rp_stream_deliver(ring->stream, at + BPF_RINGBUF_HDR_SZ, header);
    ring->last = ring->position;
    ring->position += record_bytes(header);
    return go_on;
}

/* Reads what there is, up to a turn's share, and returns how many records that was. Room is given
 * back in pieces: each time costs the programs, which look at the position too. */
static unsigned read_records(struct ringbuf *ring) {
    unsigned count = 0;
    uint64_t given_back = ring->position;
    uint32_t header;
    while (count < RECORDS_A_TURN && next_header(ring, &header)) {
        count++;
        if (!deliver(ring, header))
            break;
        if (ring->position - given_back >= ring->size / 16)
            publish(ring, given_back = ring->last);
    }
    return count;
}

/* Whether records flow, now that a look has found that many. */
static bool still_flows(struct ringbuf *ring, unsigned count) {
    if (!count)
        return false;
    uint64_t now = rp_now_ns();
    bool soon = now - ring->last_ns < FLOW_NS;
    ring->last_ns = now;
    /* A record that is held back takes room, which large ones cannot spare. */
    return (ring->flows ? count >= FLOW_RECORDS : soon) &&
           ring->position - ring->last <= ring->size / 16;
}

static enum rp_stream_state ringbuf_consume(void *state) {
    struct ringbuf *ring = state;
    unsigned count = read_records(ring);
    ring->flows = still_flows(ring, count);
    publish(ring, ring->flows ? ring->last : ring->position);
    if (count == RECORDS_A_TURN)
        return RP_STREAM_HAS_MORE;
    if (ring->flows)
        return RP_STREAM_FLOWS;
    /* Either the program that submits the next record sees this position, or its record is seen. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t header;
    return next_header(ring, &header) ? RP_STREAM_HAS_MORE : RP_STREAM_IDLE;
}

static void ringbuf_close(void *state) {
    struct ringbuf *ring = state;
    if (ring->published && ring->produced)
        publish(ring, ring->position);
    if (ring->produced)
        munmap((void *)ring->produced, ring->page + 2 * ring->size);
    if (ring->published)
        munmap(ring->published, ring->page);
    free(ring);
}

const struct rp_stream_kind rp_ringbuf_kind = {.open = ringbuf_open,
                                               .consume = ringbuf_consume,
                                               .close = ringbuf_close,
                                               .edge_triggered = true};
