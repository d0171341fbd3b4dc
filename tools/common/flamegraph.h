/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as a picture. */
#ifndef RP_TOOLS_FLAMEGRAPH_H
#define RP_TOOLS_FLAMEGRAPH_H

#include <stdint.h>
#include <stdio.h>

struct rp_error;
struct rp_flamegraph;

struct rp_error *rp_flamegraph_new(struct rp_flamegraph **out);
/* `graph` may be NULL. */
void rp_flamegraph_free(struct rp_flamegraph *graph);
/* Adds a stack that was seen `count` times: its functions from the outermost on, joined by ';';
 * those of the kernel end in "_[k]". */
struct rp_error *rp_flamegraph_add(struct rp_flamegraph *graph, const char *folded, uint64_t count);
/* Writes an SVG that can be zoomed by clicking, and searched. */
void rp_flamegraph_write(struct rp_flamegraph *graph, const char *title, FILE *out);

#endif
