/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe's spec can go on with: long lists, read when first asked for, and kept sorted. */
#ifndef RP_PROBE_COMPLETION_H
#define RP_PROBE_COMPLETION_H

#include <stddef.h>

#include "reprobe_query.h"

/* What is typed: "KIND:" and more, or a word of its own. */
struct rp_completion {
    const char *before; /* what stands before the words that are looked at: "kprobe:" */
    size_t before_len;
    const char *after; /* what follows each: ":", "" */
    const char *what;  /* stands beside each */
    rp_completion_fn each;
    void *ctx;
};

/* Offers the word; `completion` is a struct rp_completion. */
void rp_completion_offer(void *completion, const char *word);

/* The kernel's functions that begin so. */
void rp_complete_function(struct rp_completion *completion, const char *prefix);
/* Tracepoints, or their categories where the prefix has no colon. Never an error. */
struct rp_error *rp_complete_tracepoint(struct rp_completion *completion, const char *prefix);
/* Names of tracepoints without their category; each stands beside its full name. */
void rp_complete_tracepoint_name(const struct rp_completion *completion, const char *prefix);

#endif
