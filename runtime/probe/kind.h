/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A probe kind is one struct: all that depends on the kind is in it, and nothing outside the kind's
 * own file compares kinds. Each is one file in probe/kinds that closes with its struct, and one row
 * of the table (table.c).
 */
#ifndef RP_PROBE_KIND_H
#define RP_PROBE_KIND_H

#include <bcc/libbpf.h>
#include <linux/bpf.h>

#include "probe/attachment.h"
#include "probe/spec.h"
#include "reprobe.h"
#include "util/error.h"

struct rp_matches; /* matches.h */

/* BPF_TRACE_UPROBE_MULTI (Linux 6.6): younger than the headers that this is built with may be. */
#define RP_TRACE_UPROBE_MULTI ((enum bpf_attach_type)48)

struct rp_probe_kind {
    const char *name;  /* "kprobe", as it stands before the first colon */
    const char *alias; /* bpftrace's short form ("k"), or NULL */
    const char *also;  /* another name that people know it by ("kfunc"), or NULL */
    const char *usage; /* "kprobe:FUNCTION[+OFFSET]" */
    const char *what;  /* "the entry of a kernel function", for help and list */
    enum bpf_prog_type prog_type;
    enum bpf_attach_type
        attach_type; /* of BPF_PROG_TYPE_TRACING: a program of these is loaded for
                        one place, the BTF type that resolve() leaves in `number` */
    /* Errors of these functions say why and perhaps a hint; their callers set what failed. */
    /* Fills `spec` from what follows the kind's colon. */
    struct rp_error *(*parse)(const char *rest, struct rp_spec *spec);
    /* Whether the place exists here; may complete the spec (syscall prefix). */
    struct rp_error *(*resolve)(struct rp_spec *spec);
    /* Why the kernel will not have a probe at a place that exists: a slower look, for those who ask
     * beforehand. NULL when nothing is known against it; may be NULL itself. */
    struct rp_error *(*refuses)(const struct rp_spec *spec);
    /* What it attached before an error is its caller's to end, too. */
    struct rp_error *(*attach)(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out);
    /* Calls `each` with what follows the colon of every place of this kind, or of fewer, but all
     * that match the shell pattern. NULL: they cannot be listed. */
    struct rp_error *(*list)(const char *pattern, bool (*each)(void *ctx, const char *rest),
                             void *ctx);
    bool in_files; /* list() needs a pattern that begins with the file to look in */
    /* Adds every place that matches the pattern behind the kind's colon, and sets `path`. NULL:
     * specs of this kind are no patterns. */
    struct rp_error *(*match)(const char *pattern, struct rp_matches *out);
    /* Of a program for many places by one link, where the kernel has it; 0: it never has. */
    enum bpf_attach_type multi_type;
    bool is_return; /* at a function's return, by the same event source as its entry */
};

extern const struct rp_probe_kind rp_kprobe_kind, rp_kretprobe_kind, rp_uprobe_kind,
    rp_uretprobe_kind, rp_tracepoint_kind, rp_raw_tracepoint_kind, rp_profile_kind,
    rp_interval_kind, rp_software_kind, rp_hardware_kind, rp_fentry_kind, rp_fexit_kind,
    rp_tp_btf_kind, rp_usdt_kind;

/* ------------------------------------------------------------------ for kinds */

/* rp_probe_suggest() of a parsed spec: a tracepoint that exists here and tells about the same thing
 * as a kprobe or kretprobe ("kprobe:do_sys_openat2": "tracepoint:syscalls:sys_enter_openat"). */
char *rp_spec_suggest(const struct rp_spec *spec);

/* ------------------------------------------------------------------ the table */

/* Kind `i` in the order of the table; NULL behind the last. */
const struct rp_probe_kind *rp_probe_kind_at(size_t i);
/* One more row behind those of the table, of a kind that lives as long as the process (a test's);
 * false when there is no room for it. */
bool rp_probe_kind_add(const struct rp_probe_kind *kind);
/* The kind of that name or alias, or NULL. */
const struct rp_probe_kind *rp_probe_kind_find(const char *name, size_t length);
/* The error for a kind that does not exist; its hint lists those that do. */
struct rp_error *rp_probe_kind_unknown(const char *name);
struct rp_error *rp_spec_parse(const char *text, struct rp_spec *spec);

#endif
