/* SPDX-License-Identifier: Apache-2.0 */
/* How a probe spec can continue: long lists, read on first use, and kept sorted. */
#ifndef RP_PROBE_COMPLETION_H
#define RP_PROBE_COMPLETION_H

#include <stddef.h>

#include "reprobe_query.h"

/* What the user typed: "KIND:" and more, or a single word. */
struct rp_completion {
    const char *before; /* the text before the offered words: "kprobe:" */
    size_t before_len;
    const char *after; /* the text after each: ":", "" */
    const char *what;  /* shown next to each */
    rp_completion_fn each;
    void *ctx;
};

/* Offers the word; `completion` is a struct rp_completion. */
void rp_completion_offer(void *completion, const char *word);

/* The kernel's functions with that prefix. */
void rp_complete_function(struct rp_completion *completion, const char *prefix);
/* Tracepoints, or their categories if the prefix has no colon. Never an error. */
struct rp_error *rp_complete_tracepoint(struct rp_completion *completion, const char *prefix);
/* Names of tracepoints without their category, each with its full name. */
void rp_complete_tracepoint_name(const struct rp_completion *completion, const char *prefix);

#endif
