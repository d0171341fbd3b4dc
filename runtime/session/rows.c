/* SPDX-License-Identifier: Apache-2.0 */
/* Iterators: what they write is read once, in turn with all else. */
#include "compile/module.h"
#include "probe/probe.h"
#include "record/layout.h"
#include "session/session.h"
#include "util/cleanup.h"
#include "util/error.h"

struct rp_error *rp_session_read_rows(struct rp_session *s, struct rp_module *module,
                                      rp_record_fn fn, void *ctx) {
    struct rp_layout *layout;
    RP_TRY(rp_layout_of_rows(module, &layout));
    const struct rp_row_reader reader = {.module = module,
                                         .fn = fn,
                                         .ctx = ctx,
                                         .record_size = layout ? (size_t)layout->type->size : 0};
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

bool rp_session_probe_ended(const struct rp_session *s, const struct rp_probe *probe) {
    for (size_t i = 0; i < s->streams.count; i++)
        if (s->streams.items[i]->probe == probe)
            return s->streams.items[i]->ended;
    return false;
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
