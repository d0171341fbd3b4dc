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
#include <linux/perf_event.h>

#include "probe/attachment.h"
#include "probe/spec.h"
#include "reprobe.h"
#include "util/error.h"

struct rp_arguments;     /* arguments.h */
struct rp_matches;       /* matches.h */
struct rp_function_text; /* function_text.h */
struct rp_completion;    /* complete.h */

/* BPF_TRACE_UPROBE_MULTI (Linux 6.6): younger than the headers that this is built with may be. */
#define RP_TRACE_UPROBE_MULTI ((enum bpf_attach_type)48)

/* Where the pointers lead that a program is given. */
enum rp_memory {
    RP_MEMORY_KERNEL,
    RP_MEMORY_ARGUMENTS, /* those among the arguments into the process, all others into the kernel
                          */
    RP_MEMORY_PROCESS,   /* all into the process: it is the process's own code that runs there */
};

/* Attach points that belong to one call of a function, or a syscall. */
enum rp_call_part {
    RP_CALL_ENTRY,
    RP_CALL_RETURN,
    RP_CALL_WHOLE, /* the return, with the arguments besides */
};

/* How a program has `ret`, what is returned. */
enum rp_result {
    RP_RESULT_NONE,
    RP_RESULT_READ,      /* write_result() reads it */
    RP_RESULT_PARAMETER, /* the C function's last parameter, behind all arguments */
    RP_RESULT_ARGUMENT,  /* one of the arguments */
};

/* All but a few members may be left out: zero, or NULL, is what their comments say first. */
struct rp_probe_kind {
    /* ---- how it is written */
    const char *name;  /* "kprobe", as it stands before the first colon */
    const char *alias; /* bpftrace's short form ("k"), or NULL */
    const char *also;  /* another name that people know it by ("kfunc"), or NULL */
    const char *usage; /* "kprobe:FUNCTION[+OFFSET]" */
    const char *what;  /* "the entry of a kernel function", for help and list */
    bool has_category; /* specs are KIND:CATEGORY:TARGET */
    bool in_files; /* specs are KIND:PATH:…; list() needs a pattern that begins with the file */
    /* Errors of these functions say why and perhaps a hint; their callers set what failed. */
    /* Fills `spec` from what follows the kind's colon. */
    struct rp_error *(*parse)(const char *rest, struct rp_spec *spec);
    /* Puts this kernel's own name in place of one that means the same ("sys_openat"); returns
     * whether it has one. May be NULL. */
    bool (*use_own_name)(struct rp_spec *spec);

    /* ---- functions whose names say where they belong: BCC's conventions */
    const char *function_prefix; /* "kprobe__", before the target; NULL: there is none. A category
                                    stands before the target and "__" */
    const char *macro; /* "TRACEPOINT_PROBE", of the category and the target, makes such a function;
                          NULL: there is none */

    /* ---- what a program for it is loaded as */
    enum bpf_prog_type prog_type;
    enum bpf_attach_type
        attach_type; /* of BPF_PROG_TYPE_TRACING: a program of these is loaded for one attach
                        point, the BTF type that resolve() leaves in `number` */
    enum bpf_attach_type multi_type; /* of a program for many by one link, where the kernel has it;
                                        0: it never has */

    /* ---- where it is */
    /* Whether the attach point exists here; may complete the spec (syscall prefix). */
    struct rp_error *(*resolve)(struct rp_spec *spec);
    /* Why the kernel will not have a probe at one that exists: a slower look, for those who ask
     * beforehand. NULL when nothing is known against it; may be NULL itself. */
    struct rp_error *(*refuses)(const struct rp_spec *spec);
    /* What it attached before an error is its caller's to end, too. */
    struct rp_error *(*attach)(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out);
    /* Calls `each` with what follows the colon of every attach point of this kind, or of fewer, but
     * all that match the shell pattern. NULL: they cannot be listed. */
    struct rp_error *(*list)(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx);
    /* Adds every attach point that matches the pattern behind the kind's colon, and sets `path`.
     * NULL: specs of this kind are no patterns. */
    struct rp_error *(*match)(const char *pattern, struct rp_matches *out);
    /* Of kinds that have match(): makes `attr` the perf event of match `i` alone; false where the
     * kernel has no such events. */
    bool (*set_event)(struct perf_event_attr *attr, const struct rp_matches *matches, size_t i);
    /* Why the kernel refuses a program at all of `count` matches, where that is the kind's to say;
     * NULL where it is not. May be NULL itself. */
    struct rp_error *(*refuses_all)(int errnum, size_t count);
    /* Another attach point, which exists here, that tells about the same thing; malloc()ed, or
     * NULL. May be NULL itself. */
    char *(*suggest)(const struct rp_spec *spec);

    /* ---- what can be read there */
    const char *noun; /* what an argument is called; NULL: "argument" */
    /* Adds what it has to empty arguments. NULL: it has none. */
    struct rp_error *(*arguments)(const struct rp_spec *spec, struct rp_arguments *arguments);
    /* NULL: RP_MEMORY_KERNEL. `spec` is without a target where it is a pattern. */
    enum rp_memory (*memory)(const struct rp_spec *spec, const struct rp_arguments *arguments);
    /* The kind that may have arguments of a function that this one has not, or NULL. */
    const char *has_more_arguments;

    /* ---- calls */
    bool of_functions; /* its targets are functions */
    bool is_return;    /* it is where something returns */
    /* The same of some of its attach points only; may be NULL. */
    bool (*returns)(const struct rp_spec *spec);
    /* The spec of that part of the call that `spec` is a part of, malloc()ed; NULL where there is
     * none. May be NULL itself. */
    char *(*call)(const struct rp_spec *spec, enum rp_call_part part);

    /* ---- the C of a function for it: see function_text.h */
    /* What BPF's context is called, and how where a name that is read there is the same; NULL:
     * "ctx", "regs". */
    const char *context, *other_context;
    bool has_parameters; /* the arguments are the C function's parameters; else: */
    void (*write_argument)(const struct rp_function_text *function, size_t i);
    enum rp_result result;
    void (*write_result)(const struct rp_function_text *function);
    /* "int NAME(…)\n{\n"; never NULL. */
    void (*write_head)(const struct rp_function_text *function);
    /* C that must stand before such a function, which is called `function`; may be NULL. */
    struct rp_error *(*write_before)(const struct rp_spec *spec, const char *function, FILE *out);
    /* Why a program that is at one of them cannot move to another one; NULL: it can. */
    const char *cannot_move;

    /* ---- for people */
    /* Whether there is something to be looked at though resolve() says no; may be NULL. */
    bool (*exists)(const struct rp_spec *spec);
    /* Lines about one that exists, or is resolved; may be NULL. */
    void (*describe)(const struct rp_spec *spec, FILE *out);
    /* What `rest`, behind the kind's colon, can go on with. NULL: what list() lists. */
    struct rp_error *(*complete)(struct rp_completion *completion, const char *rest);
    const char *target_noun; /* "function", beside what is offered; NULL: the kind's name */
};

extern const struct rp_probe_kind rp_kprobe_kind, rp_kretprobe_kind, rp_uprobe_kind,
    rp_uretprobe_kind, rp_tracepoint_kind, rp_raw_tracepoint_kind, rp_profile_kind,
    rp_interval_kind, rp_software_kind, rp_hardware_kind, rp_fentry_kind, rp_fexit_kind,
    rp_tp_btf_kind, rp_usdt_kind;

/* rp_probe_kind.memory() of kinds that are in files: RP_MEMORY_PROCESS. */
enum rp_memory rp_memory_of_process(const struct rp_spec *spec,
                                    const struct rp_arguments *arguments);

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
/* The name of a function that says by itself that it belongs there, by BCC's conventions:
 * rp_probe_spec_of_function() the other way round. malloc()ed; NULL where there is no such name. It
 * may have characters that C's names have not. */
char *rp_spec_function_name(const struct rp_spec *spec);

#endif
