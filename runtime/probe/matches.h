/* SPDX-License-Identifier: Apache-2.0 */
/* The places that a pattern matches, found together and attached together. */
#ifndef RP_PROBE_MATCHES_H
#define RP_PROBE_MATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/kind.h"
#include "util/vec.h"

struct rp_match {
    char *spec;      /* in full */
    uint64_t number; /* by which the kernel finds it: a function's address (0: it hides them), an
                        offset in the file, a tracepoint's id */
};

/* Zeroed there are none. The index of a place is its bpf_get_attach_cookie(). */
struct rp_matches {
    const struct rp_probe_kind *kind;
    char *path; /* the file they are in, of the kinds that are in one; else NULL */
    pid_t pid;  /* of those in files: the one process to put them in; 0: every one */
    RP_VEC(struct rp_match);
};

/* For kinds' match(). Adds "KIND:[PATH:]NAME". */
struct rp_error *rp_matches_add(struct rp_matches *matches, const char *name, uint64_t number);
/* Adds those of `from`, as of the kind of `to`. */
struct rp_error *rp_matches_copy(const struct rp_matches *from, struct rp_matches *to);
/* What stands behind the kind, and the path. */
const char *rp_match_name(const struct rp_matches *matches, size_t i);
/* Ends place `i`; its slot is to be filled or left out of the count. */
void rp_match_clear(struct rp_matches *matches, size_t i);
void rp_matches_clear(struct rp_matches *matches);

/* The kind that a pattern begins with: one whose specs can be patterns. */
struct rp_error *rp_pattern_kind(const char *pattern, const struct rp_probe_kind **out);
/* Those that match the pattern "KIND:…"; an error, with the nearest, when there are none. */
struct rp_error *rp_matches_find(const char *pattern, pid_t pid, struct rp_matches *out);
/* As what kind of program they want it: whether by one link (BPF_TRACE_KPROBE_MULTI,
 * BPF_TRACE_UPROBE_MULTI) or (0) by one each. */
enum bpf_attach_type rp_matches_attach_type(const struct rp_matches *matches);
/* Attaches the program, loaded as that. Places that the kernel refuses are left out; an error when
 * it refuses all. What was attached before an error is the caller's to end, too. */
struct rp_error *rp_matches_attach(struct rp_matches *matches, enum bpf_attach_type attach_type,
                                   int prog_fd, struct rp_attachment *out);

/* Whether the kernel has links to many places, of kprobes (Linux 5.18) or uprobes (Linux 6.6). */
bool rp_multi_link_exists(enum bpf_attach_type attach_type);
/* One link of the program to `count` places from `first` on, with cookies from `cookie` on. A
 * positive errno, of which EINVAL and its like may be about only one of the places. */
int rp_multi_link(const struct rp_matches *matches, size_t first, size_t count, uint64_t cookie,
                  int prog_fd, int *link);
/* One link to one place. *no_cookies is set where the kernel cannot take one (before Linux 5.15);
 * with it set the program is attached without. A positive errno. */
int rp_match_link(const struct rp_matches *matches, size_t i, uint64_t cookie, int prog_fd,
                  bool *no_cookies, struct rp_attachment *out);

/* Adds the kernel's functions that match and that can be probed: those that ftrace can trace and
 * that kprobes are not forbidden in. */
struct rp_error *rp_kernel_functions_match(const char *pattern, struct rp_matches *out);
/* Calls `each` with every function that the kernel forbids probes in, until it returns false; none
 * where that is not known (without debugfs). */
void rp_kprobe_each_forbidden(bool (*each)(void *ctx, const char *function), void *ctx);

#endif
