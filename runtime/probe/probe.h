/* SPDX-License-Identifier: Apache-2.0 */
/* Probe kinds: one file a kind, each closing with the one struct it exists to define. */
#ifndef RP_PROBE_PROBE_H
#define RP_PROBE_PROBE_H

#include <linux/bpf.h>

#include "reprobe.h"
#include "util/error.h"

/* A parsed spec, "KIND:A[:B][+OFFSET]". */
struct rp_spec {
    const struct rp_probe_kind *kind;
    char *category; /* tracepoints only */
    char *target;   /* the function or the tracepoint's name */
    uint64_t offset;
};

/* What the kernel holds for a probe. */
struct rp_attachment {
    int fd;      /* closing it ends the attachment */
    char *event; /* an event of libbcc's in tracefs' kprobe_events, to be deleted after that (Linux
                    before 4.17, without the kprobe event source); or NULL */
};

struct rp_probe_kind {
    const char *name;  /* "kprobe", as it stands before the first colon */
    const char *alias; /* bpftrace's short form ("k"), or NULL */
    const char *usage; /* "kprobe:FUNCTION[+OFFSET]" */
    const char *what;  /* "the entry of a kernel function", for help and list */
    enum bpf_prog_type prog_type;
    /* Errors of these functions say why and perhaps a hint; their callers set what failed. */
    /* Fills `spec` from what follows the kind's colon. */
    struct rp_error *(*parse)(const char *rest, struct rp_spec *spec);
    /* Whether the place exists here; may complete the spec (syscall prefix). */
    struct rp_error *(*resolve)(struct rp_spec *spec);
    /* Why the kernel will not have a probe at a place that exists: a slower look, for those who ask
     * beforehand. NULL when nothing is known against it; may be NULL itself. */
    struct rp_error *(*refuses)(const struct rp_spec *spec);
    struct rp_error *(*attach)(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out);
    /* Every place of this kind: calls `each` with what follows the colon. */
    struct rp_error *(*list)(bool (*each)(void *ctx, const char *rest), void *ctx);
};

extern const struct rp_probe_kind rp_kprobe_kind, rp_kretprobe_kind, rp_tracepoint_kind,
    rp_raw_tracepoint_kind;
/* All of them, ended by NULL. */
extern const struct rp_probe_kind *const rp_probe_kinds[];

struct rp_error *rp_spec_parse(const char *text, struct rp_spec *spec);
/* "kprobe:vfs_read+8", malloc()ed. */
char *rp_spec_text(const struct rp_spec *spec);
void rp_spec_clear(struct rp_spec *spec);

/* The kind of that name or alias, or NULL. */
const struct rp_probe_kind *rp_probe_kind_find(const char *name, size_t length);
/* The error for a kind that does not exist; its hint lists those that do. */
struct rp_error *rp_probe_kind_unknown(const char *name);

/* For kinds. An error that says why; its caller sets what failed. */
struct rp_error *rp_probe_error(int errnum, const char *fmt, ...) RP_PRINTF(2, 3);
/* For kinds' parsers. Copies the `length` bytes at `text`, which must be a `noun` ("function") of
 * letters, digits and any of `marks`. */
struct rp_error *rp_spec_name(const char *text, size_t length, const char *noun, const char *marks,
                              char **out);

/* rp_probe_suggest() of a parsed spec: a tracepoint that exists here and tells about the same thing
 * as a kprobe or kretprobe ("kprobe:do_sys_openat2": "tracepoint:syscalls:sys_enter_openat"). */
char *rp_spec_suggest(const struct rp_spec *spec);

/* Detaches the probe without waiting for the kernel's grace period (tens of milliseconds): its
 * events end within a few milliseconds. rp_probe_free() waits; disable several, then free them, and
 * they wait together. */
void rp_probe_disable(struct rp_probe *probe);

#endif
