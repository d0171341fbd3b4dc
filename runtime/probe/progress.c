/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/progress.h"

static struct {
    rp_progress_fn fn;
    void *ctx;
} told;

void rp_progress_set(rp_progress_fn fn, void *ctx) {
    told.fn = fn;
    told.ctx = ctx;
}

bool rp_progress(size_t done, size_t count) {
    return !told.fn || told.fn(told.ctx, done, count);
}
