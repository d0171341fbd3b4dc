/* SPDX-License-Identifier: Apache-2.0 */
/* The matches of a pattern, which are found and attached together. */
#ifndef RP_PROBE_MATCHES_H
#define RP_PROBE_MATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/kind.h"
#include "util/vec.h"

struct rp_match {
    char *spec;      /* in full */
    uint64_t number; /* how the kernel finds it: a function's address (0: hidden), an offset in the
                        file, a tracepoint's id */
};

/* Empty if zeroed. The index of a match is its bpf_get_attach_cookie(). */
struct rp_matches {
    const struct rp_probe_kind *kind;
    char *path; /* the file that contains them, for kinds in files; otherwise NULL */
    pid_t pid;  /* for kinds in files: the process to attach to; 0: all */
    RP_VEC(struct rp_match);
    size_t
        left_out; /* how many more there were, that cannot be probed or that the kernel refused */
};

/* For the match() of kinds. Adds "KIND:[PATH:]NAME". */
struct rp_error *rp_matches_add(struct rp_matches *matches, const char *name, uint64_t number);
/* That one attach point, for a link to many. */
struct rp_error *rp_matches_of_spec(const struct rp_spec *spec, struct rp_matches *out);
/* Adds the matches of `from`, with the kind of `to`. */
struct rp_error *rp_matches_copy(const struct rp_matches *from, struct rp_matches *to);
/* The part after the kind and the path. */
const char *rp_match_name(const struct rp_matches *matches, size_t i);
/* Clears match `i`; the caller fills its slot or leaves it out of the count. */
void rp_match_clear(struct rp_matches *matches, size_t i);
void rp_matches_clear(struct rp_matches *matches);

/* The kind of a pattern: one whose specs can be patterns. */
struct rp_error *rp_pattern_kind(const char *pattern, const struct rp_probe_kind **out);
/* Finds the matches of the pattern "KIND:…"; without any, an error with the nearest names. */
struct rp_error *rp_matches_find(const char *pattern, pid_t pid, struct rp_matches *out);
/* The type of program that they need: for one link (BPF_TRACE_KPROBE_MULTI, BPF_TRACE_UPROBE_MULTI)
 * or (0) for one link each. */
enum bpf_attach_type rp_matches_attach_type(const struct rp_matches *matches);
/* Attaches the program, which is loaded as that type. Leaves out matches that the kernel refuses;
 * an error if it refuses all. After an error the caller must also end what was attached. */
struct rp_error *rp_matches_attach(struct rp_matches *matches, enum bpf_attach_type attach_type,
                                   int prog_fd, struct rp_attachment *out);

/* Whether the kernel has links to many kprobes (Linux 5.18) or uprobes (Linux 6.6). */
bool rp_multi_link_exists(enum bpf_attach_type attach_type);
/* Links the program to `count` matches from `first` on, with cookies from `cookie` on. A positive
 * errno; EINVAL and the like may be about only one of the matches. */
int rp_multi_link(const struct rp_matches *matches, size_t first, size_t count, uint64_t cookie,
                  int prog_fd, int *link);
/* Links to one match. *no_cookies is set if the kernel does not support cookies (before
 * Linux 5.15); if it is set, the program is attached without one. A positive errno. */
int rp_match_link(const struct rp_matches *matches, size_t i, uint64_t cookie, int prog_fd,
                  bool *no_cookies, struct rp_attachment *out);

/* Adds the kernel functions that match and can be probed: those that ftrace can trace and where
 * kprobes are not forbidden. */
struct rp_error *rp_kernel_functions_match(const char *pattern, struct rp_matches *out);
/* Calls `each` with every function where the kernel forbids probes, until it returns false; with
 * none if that is unknown (without debugfs). */
void rp_kprobe_each_forbidden(bool (*each)(void *ctx, const char *function), void *ctx);

#endif
