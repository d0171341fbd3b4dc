/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a program's source as the place of a probe: "main.c:24". It may be at several
 * addresses, where the compiler has made several copies of its code. */
#ifndef RP_PROBE_LINE_H
#define RP_PROBE_LINE_H

#include "debug/lines.h"
#include "probe/arguments.h"

/* The colon before FILE:LINE at the end of "PATH:FILE:LINE"; NULL: it does not end so. */
const char *rp_line_find(const char *rest);
/* Whether it is FILE:LINE; NULL is not. */
bool rp_line_is(const char *target);
/* Where it is probed in the program: whoever comes by the line passes one of these, once. An error
 * says why there is none. */
struct rp_error *rp_line_addresses(const char *path, const char *target, struct rp_lines *out);
/* Tells of other places of the line, where it is not known whether they are copies: malloc()ed;
 * NULL: there are none. */
char *rp_line_unseen(const char *path, const char *target);
/* Adds what can be read at an instruction, by the names of its line's function. */
struct rp_error *rp_line_arguments_at(const char *path, uint64_t address,
                                      struct rp_arguments *arguments);
/* Adds what can be read there: what is at the same place at each of its addresses. */
struct rp_error *rp_line_arguments(const char *path, const char *target,
                                   struct rp_arguments *arguments);

#endif
