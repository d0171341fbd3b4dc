/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "util/cleanup.h"
#include "util/error.h"

struct rp_error *rp_stream_open(const struct rp_module *module, const char *name,
                                const struct rp_sink *sink, struct rp_stream **out) {
    const struct rp_object_map *map = rp_module_map(module, name);
    if (!map)
        return rp_module_map_missing(module, name);
    if (map->type != BPF_MAP_TYPE_RINGBUF && map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is a map, not an output", "cannot read %s", name),
            "declare outputs with BPF_RINGBUF_OUTPUT or BPF_PERF_OUTPUT");
    struct rp_stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return rp_error_nomem();
    stream->kind = map->type == BPF_MAP_TYPE_RINGBUF ? &rp_ringbuf_kind : &rp_perfbuf_kind;
    stream->module = module;
    stream->sink = *sink;
    stream->fd = -1;
    struct rp_error *err =
        stream->kind->open(stream, rp_module_map_fd(module, name), &stream->state, &stream->fd);
    if (err) {
        free(stream);
        return rp_error_what_set(err, "cannot read %s", name);
    }
    *out = stream;
    return NULL;
}

enum rp_stream_state rp_stream_consume(struct rp_stream *stream) {
    return stream->kind->consume(stream->state);
}

void rp_stream_catch_up(struct rp_stream *stream) {
    stream->kind->catch_up(stream->state);
}

void rp_stream_close(struct rp_stream *stream) {
    if (!stream)
        return;
    stream->kind->close(stream->state);
    free(stream);
}
