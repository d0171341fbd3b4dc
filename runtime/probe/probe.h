/* SPDX-License-Identifier: Apache-2.0 */
/* Probe kinds: one file a kind, each closing with the one struct it exists to define. */
#ifndef RP_PROBE_PROBE_H
#define RP_PROBE_PROBE_H

#include <bcc/libbpf.h>
#include <linux/bpf.h>

#include "compile/module.h"
#include "reprobe.h"
#include "util/error.h"
#include "util/names.h"

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

/* What the kernel holds for a probe: one or several places, or one a CPU. */
struct rp_attachment {
    struct rp_attached *matches;
    size_t count;
    struct rp_closer *closer; /* has their descriptors, once it is disabled */
};

/* Adds a place to those of `attachment`, whose `fd` and `event` (malloc()ed, or NULL) are from here
 * on, also when this fails. Closing `fd` ends the attachment there. `event` is one of libbcc's in
 * tracefs' kprobe_events or uprobe_events, to be deleted after that (Linux before 4.17, without
 * these event sources). */
struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event);
/* The same of a link to a perf event. While `event_fd` is open, too, closing the link takes the
 * program away and waits for nothing; the kernel's wait is the event's. */
struct rp_error *rp_attachment_add_link(struct rp_attachment *attachment, int link, int event_fd);
/* Begins to end it: events stop within a few milliseconds. */
void rp_attachment_disable(struct rp_attachment *attachment);
/* Ends it, and waits for the kernel's grace period (tens of milliseconds). */
void rp_attachment_end(struct rp_attachment *attachment);

struct rp_matches; /* places.h */

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

/* For kinds' parsers. Reads "FUNCTION[+OFFSET]" into target and offset. */
struct rp_error *rp_spec_function(const char *text, const char *marks, struct rp_spec *spec);
/* Why `text`, for a kind that is where functions return, is none if it has an offset; `instead` is
 * the kind that has. */
struct rp_error *rp_spec_check_return(const char *text, const char *instead,
                                      const struct rp_spec *spec);
/* For kinds' parsers. Reads a number of 1 and more, of digits only, that is called `noun`. */
struct rp_error *rp_spec_number(const char *text, const char *noun, uint64_t *number);
/* Why the offset, of a function of `size` bytes (0: not known), is no place in it; or NULL. */
struct rp_error *rp_spec_check_offset(const struct rp_spec *spec, uint64_t size);

/* An instruction or a return that libbcc shall probe. */
struct rp_breakpoint {
    enum bpf_probe_attach_type type;
    const char *path;     /* NULL: in the kernel */
    pid_t pid;            /* 0: every process that has the file mapped, now or later */
    const char *function; /* in the kernel */
    uint64_t offset;      /* from the function's start, or the file's */
    uint32_t counter;     /* in the file, raised while attached (a semaphore); 0: none */
};
/* Attaches the program there and adds it to `out`. A positive errno when the kernel refuses. */
int rp_breakpoint_attach(const struct rp_breakpoint *match, int prog_fd, struct rp_attachment *out);
/* Deletes libbcc's event from tracefs. */
void rp_breakpoint_delete(const char *event);

/* For "FUNCTION=PROBE" with a USDT probe, writes the C functions through which bpf_usdt_readarg()
 * reads the probe's arguments in FUNCTION, whose name it adds to `done`; nothing for other kinds.
 */
struct rp_error *rp_usdt_write_readers(const char *attach, struct rp_names *done, FILE *out);

/* rp_probe_attach() of what is in a program or library for one process only: others that use the
 * file are not slowed down. Its children are not probed either. */
struct rp_error *rp_probe_attach_in(struct rp_module *module, const char *function,
                                    const char *spec, pid_t pid, struct rp_probe **out);

/* rp_probe_suggest() of a parsed spec: a tracepoint that exists here and tells about the same thing
 * as a kprobe or kretprobe ("kprobe:do_sys_openat2": "tracepoint:syscalls:sys_enter_openat"). */
char *rp_spec_suggest(const struct rp_spec *spec);

/* Detaches the probe without waiting for the kernel's grace period (tens of milliseconds): its
 * events end within a few milliseconds. rp_probe_free() waits; disable several, then free them, and
 * they wait together. */
void rp_probe_disable(struct rp_probe *probe);
/* Ends and frees the probe; no event happens from the return on. Where its program can be stopped
 * (rp_compile_opts.movable) the kernel's grace period passes in the background. */
void rp_probe_leave(struct rp_probe *probe);
struct rp_module *rp_probe_module(const struct rp_probe *probe);

#endif
