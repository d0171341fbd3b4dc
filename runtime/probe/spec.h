/* SPDX-License-Identifier: Apache-2.0 */
/* Parsed probe specs: text that says where a program runs. */
#ifndef RP_PROBE_SPEC_H
#define RP_PROBE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct rp_module;

/* A parsed spec, "KIND:[PATH:][CATEGORY:]TARGET[+OFFSET]". */
struct rp_spec {
    const struct rp_probe_kind *kind;
    char *path;     /* a program or library, for kinds in files; otherwise NULL */
    char *category; /* of a tracepoint; the provider of a USDT probe; a counter; a unit of time */
    char *target;   /* the function, the tracepoint's name, or a number */
    uint64_t offset;
    uint64_t number;          /* resolved by the kind: an offset in a file, a period, a type's id */
    pid_t pid;                /* the process to attach to; 0: all (see enum rp_tasks) */
    struct rp_module *module; /* whose program is attached there; NULL unless one is */
};

/* A spec with one of these is a pattern: it stands for all that it matches. */
#define RP_SPEC_WILDCARDS "*?["

/* The first of `marks` in a spec, but for what is in (parentheses), the parameters of a C++
 * function; or NULL. */
const char *rp_spec_find(const char *spec, const char *marks);

/* Whether it names one function of a file, by a name that has marks of a pattern, of a span or of
 * several words: "uprobe:./prog:V::operator*(V)", also without a kind. */
bool rp_spec_is_name(const char *text);
/* The last part of a spec or pattern, without kind and file: "V::area(int)". */
const char *rp_spec_name_in(const char *spec);

/* "kprobe:vfs_read+8", malloc()ed. */
char *rp_spec_text(const struct rp_spec *spec);
void rp_spec_clear(struct rp_spec *spec);

/* Checks whether it is an attach point here, as rp_probe_check() does for a text. */
struct rp_error *rp_spec_check(const struct rp_spec *spec);
/* Whether programs of two kinds see the same there: a kprobe and an fentry of one function, the raw
 * tracepoint and the typed one. */
bool rp_spec_is_same_event(const struct rp_spec *a, const struct rp_spec *b);
/* The word for an argument there: "argument", "field". */
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
/* The error for a `text` with an offset, for a kind at returns; `instead` is the kind that takes
 * offsets. */
struct rp_error *rp_spec_check_return(const char *text, const char *instead,
                                      const struct rp_spec *spec);
/* Reads a number of at least 1, of digits only, which messages call `noun`. */
struct rp_error *rp_spec_number(const char *text, const char *noun, uint64_t *number);
/* Why the offset is not inside a function of `size` bytes (0: unknown); or NULL. */
struct rp_error *rp_spec_check_offset(const struct rp_spec *spec, uint64_t size);

/* Whether it is of a program's file, without a kind: "./prog:load", "/usr/bin/env:*": a slash
 * stands before its colon. */
bool rp_spec_begins_with_file(const char *text);

#endif
