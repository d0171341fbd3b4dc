/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's trace pipe, where bpf_trace_printk() writes. */
#ifndef RP_STREAM_TRACE_PIPE_H
#define RP_STREAM_TRACE_PIPE_H

#include "reprobe.h"

struct rp_trace_pipe {
    int fd;
    uint64_t lost; /* lines, as reported by the kernel */
    char line[4096];
    size_t len;
};

/* Opens the pipe and discards earlier lines. */
struct rp_error *rp_trace_pipe_open(struct rp_trace_pipe *pipe);
/* Passes every message of a BPF program, which may have several lines, to `fn`, until it returns
 * false or none is left. */
void rp_trace_pipe_consume(struct rp_trace_pipe *pipe,
                           bool (*fn)(void *ctx, const struct rp_trace_line *), void *ctx);
void rp_trace_pipe_close(struct rp_trace_pipe *pipe);

/* The number in "CPU:1 [LOST 12 EVENTS]", or 0. */
uint64_t rp_trace_lost_parse(const char *text);
/* Parses one line (no newline; changed in place). False if it is not from a BPF program. */
bool rp_trace_line_parse(char *text, struct rp_trace_line *line);

#endif
