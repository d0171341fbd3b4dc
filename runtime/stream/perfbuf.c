/* SPDX-License-Identifier: Apache-2.0 */
/* Perf buffers: one for each CPU (Linux 4.4). They are read through libbpf: libbcc's reader does
 * not return as long as programs send, so that signals and typed commands would have to wait. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <unistd.h>

#include "stream/stream.h"
#include "util/capture.h"
#include "util/error.h"

#define PAGES_A_CPU 64 /* of 4 KiB: as in BCC's tools for busy outputs */
/* A flood must not keep the event loop from its signals. */
#define RECORDS_A_TURN 4096
/* How many are read before their space is freed. */
#define RECORDS_A_BATCH 64

struct perfbuf {
    struct rp_stream *stream;
    struct perf_buffer *reader;
    size_t size;      /* of one CPU's buffer, in bytes */
    size_t read;      /* read in this turn from this CPU */
    unsigned records; /* read in this turn from all CPUs */
};

/* What perf_event_output() writes (linux/perf_event.h). */
struct sample {
    struct perf_event_header header;
    uint32_t size;
    uint8_t data[];
};
struct lost {
    struct perf_event_header header;
    uint64_t id, lost;
};

static enum bpf_perf_event_ret on_record(void *ctx, int cpu, struct perf_event_header *record) {
    struct perfbuf *buf = ctx;
    (void)cpu;
    if (record->type == PERF_RECORD_SAMPLE) {
        const struct sample *sample = (const struct sample *)record;
        rp_stream_deliver(buf->stream, sample->data, sample->size);
    } else if (record->type == PERF_RECORD_LOST) {
        buf->stream->kernel_lost += ((const struct lost *)record)->lost;
    }
    buf->read += record->size;
    return ++buf->records % RECORDS_A_BATCH ? LIBBPF_PERF_EVENT_CONT : LIBBPF_PERF_EVENT_DONE;
}

/* Reads a CPU's buffer up to where programs were at the beginning, or up to `limit` records.
 * Returns whether there may be more. */
static bool read_cpu(struct perfbuf *buf, size_t i, unsigned limit) {
    unsigned before;
    buf->read = 0;
    do {
        before = buf->records;
        perf_buffer__consume_buffer(buf->reader, i);
        if (buf->records >= limit)
            return true;
        /* At the beginning there were at most this many. */
    } while (buf->records != before && buf->records % RECORDS_A_BATCH == 0 &&
             buf->read < buf->size);
    return buf->read >= buf->size;
}

static bool read_all(struct perfbuf *buf, unsigned limit) {
    bool more = false;
    buf->records = 0;
    for (size_t i = 0; i < perf_buffer__buffer_cnt(buf->reader); i++)
        more |= read_cpu(buf, i, limit);
    return more;
}

static enum rp_stream_state perfbuf_consume(void *state) {
    return read_all(state, RECORDS_A_TURN) ? RP_STREAM_HAS_MORE : RP_STREAM_IDLE;
}

static void perfbuf_catch_up(void *state) {
    read_all(state, UINT32_MAX);
}

static void perfbuf_close(void *state) {
    struct perfbuf *buf = state;
    perf_buffer__free(buf->reader);
    free(buf);
}

static struct rp_error *perfbuf_open(struct rp_stream *stream, int map_fd, void **state, int *fd) {
    struct perfbuf *buf = calloc(1, sizeof(*buf));
    if (!buf)
        return rp_error_nomem();
    buf->stream = stream;
    buf->size = PAGES_A_CPU * (size_t)sysconf(_SC_PAGESIZE);
    struct perf_event_attr attr = {.size = sizeof(attr),
                                   .type = PERF_TYPE_SOFTWARE,
                                   .config = PERF_COUNT_SW_BPF_OUTPUT,
                                   .sample_type = PERF_SAMPLE_RAW,
                                   .sample_period = 1,
                                   .wakeup_events = 1};
    struct rp_capture capture = rp_capture_begin();
    buf->reader = perf_buffer__new_raw(map_fd, PAGES_A_CPU, &attr, on_record, buf, NULL);
    int errnum = errno;
    free(rp_capture_end(&capture));
    if (!buf->reader) {
        free(buf);
        return rp_error_new(errnum, NULL, "perf buffer");
    }
    *state = buf;
    *fd = perf_buffer__epoll_fd(buf->reader);
    return NULL;
}

const struct rp_stream_kind rp_perfbuf_kind = {.open = perfbuf_open,
                                               .consume = perfbuf_consume,
                                               .catch_up = perfbuf_catch_up,
                                               .close = perfbuf_close};
