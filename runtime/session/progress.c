/* SPDX-License-Identifier: Apache-2.0 */
/* How far it is while many probes are attached, and the interrupt that ends it. */
#include "session/session.h"

bool rp_session_attaching(struct rp_session *s, size_t done, size_t count) {
    if (s->opts.on_attach)
        s->opts.on_attach(s->opts.ctx, done, count);
    return !s->opts.interactive || !rp_signals_interrupted();
}

bool rp_session_progress(void *ctx, size_t done, size_t count) {
    return rp_session_attaching(ctx, done, count);
}
