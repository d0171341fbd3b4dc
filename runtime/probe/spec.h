/* SPDX-License-Identifier: Apache-2.0 */
/* Probe specs: text that says where a program runs, taken apart. */
#ifndef RP_PROBE_SPEC_H
#define RP_PROBE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* A parsed spec, "KIND:[PATH:][CATEGORY:]TARGET[+OFFSET]". */
struct rp_spec {
    const struct rp_probe_kind *kind;
    char *path;     /* a program or library, of the kinds that are in one; else NULL */
    char *category; /* a tracepoint's; what provides a USDT probe; a counter; a unit of time */
    char *target;   /* the function, the tracepoint's name, or a number */
    uint64_t offset;
    uint64_t number; /* what the kind made of it: an offset in a file, a period, a type's id */
    pid_t pid;       /* of those in files: the one process to put them in; 0: every one */
};

/* "kprobe:vfs_read+8", malloc()ed. */
char *rp_spec_text(const struct rp_spec *spec);
void rp_spec_clear(struct rp_spec *spec);

/* Whether it is an attach point here, as rp_probe_check() says of a text. */
struct rp_error *rp_spec_check(const struct rp_spec *spec);
/* What an argument is called there: "argument", "field". */
const char *rp_spec_noun(const struct rp_spec *spec);
/* Whether something returns there. */
bool rp_spec_is_return(const struct rp_spec *spec);
/* "kretprobe:vfs_read" of "kprobe:vfs_read+8": the same target as another kind, malloc()ed. */
char *rp_spec_as(const struct rp_spec *spec, const char *kind);

/* ------------------------------------------------------------------ for kinds */

/* An error that says why; its caller sets what failed. */
struct rp_error *rp_probe_error(int errnum, const char *fmt, ...) RP_PRINTF(2, 3);
/* Copies the `length` bytes at `text`, which must be a `noun` ("function") of letters, digits and
 * any of `marks`. */
struct rp_error *rp_spec_name(const char *text, size_t length, const char *noun, const char *marks,
                              char **out);
/* Reads "FUNCTION[+OFFSET]" into target and offset. */
struct rp_error *rp_spec_function(const char *text, const char *marks, struct rp_spec *spec);
/* Why `text`, for a kind that is where functions return, is none if it has an offset; `instead` is
 * the kind that has. */
struct rp_error *rp_spec_check_return(const char *text, const char *instead,
                                      const struct rp_spec *spec);
/* Reads a number of 1 and more, of digits only, that is called `noun`. */
struct rp_error *rp_spec_number(const char *text, const char *noun, uint64_t *number);
/* Why the offset, of a function of `size` bytes (0: not known), is no place in it; or NULL. */
struct rp_error *rp_spec_check_offset(const struct rp_spec *spec, uint64_t size);

#endif
