/* SPDX-License-Identifier: Apache-2.0 */
/* What is moved, paused and ended while the loop goes on. */
#include <sys/epoll.h>

#include "compile/module.h"
#include "probe/probe.h"
#include "record/losses.h"
#include "session/session.h"
#include "util/cleanup.h"

/* Delivers what the module's programs have sent until now. While records are delivered already,
 * this is not the time: they come in their turn. */
static void catch_up(struct rp_session *s, const struct rp_module *module) {
    if (s->delivering)
        return;
    s->delivering++;
    for (size_t i = 0; i < s->streams.count; i++)
        if (s->streams.items[i]->module == module)
            rp_stream_catch_up(s->streams.items[i]);
    s->delivering--;
    if (rp_module_prints_trace(module))
        rp_session_consume_trace(s);
    s->streams_are = RP_STREAM_HAS_MORE; /* what it is nobody has looked at */
    rp_session_end_removed(s);
}

struct rp_error *rp_session_move(struct rp_session *s, struct rp_probe *probe, const char *spec) {
    RP_TRY(rp_probe_move(probe, spec));
    rp_session_end_rows(s, probe);
    struct rp_error *err = rp_session_open_rows(s, probe);
    catch_up(s, rp_probe_module(probe));
    return err;
}

struct rp_error *rp_session_pause(struct rp_session *s, struct rp_probe *probe) {
    RP_TRY(rp_probe_pause(probe));
    catch_up(s, rp_probe_module(probe));
    return NULL;
}

static bool is_seen(const struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->probes.count; i++)
        if (rp_probe_module(s->probes.items[i]) == module &&
            !rp_probe_is_paused(s->probes.items[i]))
            return true;
    return false;
}

struct rp_error *rp_session_resume(struct rp_session *s, struct rp_probe *probe) {
    if (!is_seen(s, rp_probe_module(probe)))
        RP_TRY(rp_module_forget_calls(rp_probe_module(probe)));
    return rp_probe_resume(probe);
}

static void detach_all_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->probes.count; i++)
        if (rp_probe_module(s->probes.items[i]) == module)
            rp_probe_disable(s->probes.items[i]);
    for (size_t i = s->probes.count; i-- > 0;)
        if (rp_probe_module(s->probes.items[i]) == module) {
            struct rp_probe *probe = s->probes.items[i];
            rp_vec_remove(&s->probes, i);
            rp_session_end_rows(s, probe);
            rp_probe_leave(probe);
        }
}

static void close_streams_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = s->streams.count; i-- > 0;)
        if (s->streams.items[i]->module == module) {
            struct rp_stream *stream = s->streams.items[i];
            rp_vec_remove(&s->streams, i);
            epoll_ctl(s->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
            rp_stream_close(stream);
        }
}

static bool refuse(void *gate) {
    (void)gate;
    return false;
}

/* Whoever removes a module from within a callback of records does not expect any more of them. */
static void mute_streams_of(struct rp_session *s, const struct rp_module *module) {
    for (size_t i = 0; i < s->streams.count; i++)
        if (s->streams.items[i]->module == module)
            s->streams.items[i]->sink.admit = refuse;
}

static void end_module(struct rp_session *s, struct rp_module *module) {
    catch_up(s, module);
    rp_session_add_gone(s, module);
    close_streams_of(s, module);
    rp_session_forget_rows(s, module);
    rp_session_forget_told(s, module);
    rp_module_free(module);
}

void rp_session_end_removed(struct rp_session *s) {
    while (!s->delivering && s->removed.count)
        end_module(s, s->removed.items[--s->removed.count]);
}

void rp_session_remove(struct rp_session *s, struct rp_module *module) {
    detach_all_of(s, module);
    for (size_t i = 0; i < s->modules.count; i++)
        if (s->modules.items[i] == module) {
            rp_vec_remove(&s->modules, i);
            break;
        }
    if (!s->delivering) {
        end_module(s, module);
        return;
    }
    mute_streams_of(s, module);
    s->removed.items[s->removed.count++] = module; /* rp_session_compile() made room */
}
