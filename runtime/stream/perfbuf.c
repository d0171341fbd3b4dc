/* SPDX-License-Identifier: Apache-2.0 */
/* Perf buffers: one for each CPU (Linux 4.4). */
#include <bcc/libbpf.h>
#include <bcc/perf_reader.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "stream/stream.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/error.h"

#define PAGES_A_CPU 64 /* of 4 KiB: what BCC's tools take for busy outputs */

struct perfbuf {
    struct rp_stream *stream;
    int epoll;
    struct perf_reader **readers;
    int count;
};

static void on_record(void *ctx, void *data, int size) {
    struct perfbuf *buf = ctx;
    rp_stream_deliver(buf->stream, data, (size_t)size);
}

static void on_lost(void *ctx, uint64_t lost) {
    struct perfbuf *buf = ctx;
    buf->stream->kernel_lost += lost;
}

static void perfbuf_close(void *state) {
    struct perfbuf *buf = state;
    for (int i = 0; i < buf->count; i++)
        perf_reader_free(buf->readers[i]);
    free(buf->readers);
    if (buf->epoll >= 0)
        close(buf->epoll);
    free(buf);
}

static struct rp_error *add_cpu(struct perfbuf *buf, int map_fd, int cpu) {
    struct bcc_perf_buffer_opts opts = {.pid = -1, .cpu = cpu, .wakeup_events = 1};
    struct rp_capture capture = rp_capture_begin();
    struct perf_reader *reader =
        bpf_open_perf_buffer_opts(on_record, on_lost, buf, PAGES_A_CPU, &opts);
    int errnum = errno;
    free(rp_capture_end(&capture));
    if (!reader)
        return errnum == ENODEV ? NULL /* the CPU is offline */
                                : rp_error_new(errnum, NULL, "perf buffer of CPU %d", cpu);
    buf->readers[buf->count++] = reader;
    int fd = perf_reader_fd(reader);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
    if (bpf_map_update_elem(map_fd, &cpu, &fd, BPF_ANY) ||
        epoll_ctl(buf->epoll, EPOLL_CTL_ADD, fd, &event))
        return rp_error_new(errno, NULL, "perf buffer of CPU %d", cpu);
    return NULL;
}

static struct rp_error *perfbuf_open(struct rp_stream *stream, int map_fd, void **state, int *fd) {
    int cpus = libbpf_num_possible_cpus();
    struct perfbuf *buf = calloc(1, sizeof(*buf));
    if (!buf)
        return rp_error_nomem();
    buf->stream = stream;
    buf->epoll = epoll_create1(EPOLL_CLOEXEC);
    buf->readers = calloc(cpus > 0 ? (size_t)cpus : 1, sizeof(struct perf_reader *));
    struct rp_error *err = NULL;
    if (!buf->readers)
        err = rp_error_nomem();
    else if (buf->epoll < 0 || cpus < 0)
        err = rp_error_new(errno, NULL, "perf buffer");
    for (int cpu = 0; cpu < cpus && !err; cpu++)
        err = add_cpu(buf, map_fd, cpu);
    if (err) {
        perfbuf_close(buf);
        return err;
    }
    *state = buf;
    *fd = buf->epoll;
    return NULL;
}

static enum rp_stream_state perfbuf_consume(void *state) {
    struct perfbuf *buf = state;
    perf_reader_consume(buf->count, buf->readers);
    return RP_STREAM_IDLE;
}

const struct rp_stream_kind rp_perfbuf_kind = {
    .open = perfbuf_open, .consume = perfbuf_consume, .close = perfbuf_close};
