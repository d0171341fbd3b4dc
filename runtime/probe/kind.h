/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A probe kind is one struct: everything that depends on the kind is in it, and nothing outside the
 * kind's own file compares kinds. Each kind is one file in probe/kinds that ends with its struct,
 * and one row of the table (table.c).
 */
#ifndef RP_PROBE_KIND_H
#define RP_PROBE_KIND_H

#include <bcc/libbpf.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "compile/load.h"
#include "probe/attachment.h"
#include "probe/memory.h"
#include "probe/spec.h"
#include "reprobe_query.h"
#include "util/error.h"

struct rp_arguments;     /* arguments.h */
struct rp_matches;       /* matches.h */
struct rp_function_text; /* arguments.h */
struct rp_completion;    /* complete.h */

/* BPF_TRACE_UPROBE_MULTI (Linux 6.6), BPF_TRACE_KPROBE_SESSION (6.10) and BPF_TRACE_UPROBE_SESSION
 * (6.13), which may be newer than the headers of the build. */
#define RP_TRACE_UPROBE_MULTI   ((enum bpf_attach_type)48)
#define RP_TRACE_KPROBE_SESSION ((enum bpf_attach_type)56)
#define RP_TRACE_UPROBE_SESSION ((enum bpf_attach_type)57)

/* Attach points that belong to one call of a function, or a syscall. */
enum rp_call_part {
    RP_CALL_ENTRY,
    RP_CALL_RETURN,
    RP_CALL_WHOLE,   /* the return, with the arguments, too */
    RP_CALL_COUNTED, /* the return, where the kernel misses none, however many calls go on */
};

/* Which tasks a probe is attached to. */
enum rp_tasks {
    RP_TASKS_ALL,     /* all; in files those of the process of -p */
    RP_TASKS_PROCESS, /* those of the process of -p or -c, if there is one */
    RP_TASKS_PROGRAM, /* the same once that process runs its program, in whose memory it is */
};

/* Whose doing the event is. */
enum rp_doer {
    RP_DOER_TASK_UNLESS_INTERRUPTED, /* the task that runs, or an interrupt's */
    RP_DOER_TASK,
    RP_DOER_NOBODY,
};

/* What the kernel misses, and counts. */
enum rp_misses {
    RP_MISSES_NOTHING,
    RP_MISSES_EVENTS,  /* that come while a program runs on the same processor */
    RP_MISSES_RETURNS, /* too many calls go on at a time */
};

/* How a program gets `ret`, the return value. */
enum rp_result {
    RP_RESULT_NONE,
    RP_RESULT_READ,      /* write_result() reads it */
    RP_RESULT_PARAMETER, /* the C function's last parameter, after all arguments */
    RP_RESULT_ARGUMENT,  /* one of the arguments */
};

/* A section of an ELF file, and what its programs may need besides. */
struct rp_section {
    const char *name, *rest; /* before and behind the first slash; "" if there is none */
    const char *interface;   /* of the network, that the user named; or NULL */
    const char *cgroup;      /* a directory, likewise */
};

/* Most members may be left out: their comments say first what zero or NULL means. */
struct rp_probe_kind {
    /* ---- names and specs */
    const char *name;  /* "kprobe", the part before the first colon */
    const char *alias; /* bpftrace's short form ("k"), or NULL */
    const char *also;  /* another common name ("kfunc"), or NULL */
    const char *usage; /* "kprobe:FUNCTION[+OFFSET]" */
    const char *what;  /* "the entry of a kernel function", for help and list */
    bool has_category; /* specs are KIND:CATEGORY:TARGET */
    bool in_files; /* specs are KIND:PATH:…; list() needs a pattern that begins with the file */
    /* Errors of these functions say why and may have a hint; the callers set what failed. */
    /* Fills `spec` from the part after the kind's colon. */
    struct rp_error *(*parse)(const char *rest, struct rp_spec *spec);
    /* The colon before the name in the part after the kind's colon; NULL: it is the last one. */
    const char *(*find_name)(const char *rest);
    /* Whether that part names something by a name with marks of a pattern or of a span, or with
     * white space. NULL: no name has some. */
    bool (*has_name)(const char *rest);
    /* Replaces a portable name ("sys_openat") by this kernel's own; returns whether it has one. May
     * be NULL. */
    bool (*use_own_name)(struct rp_spec *spec);

    /* ---- functions that name their probe: BCC's conventions */
    const char *function_prefix; /* "kprobe__", before the target; NULL: no such prefix. A category
                                    comes before the target and "__" */
    const char *macro; /* the macro for such a function, "TRACEPOINT_PROBE", with category and
                          target; NULL: no macro */

    /* ---- sections of ELF files: libbpf's conventions */
    /* What stands before the first slash of a section for it ("kprobe", "ksyscall"), NULL at the
     * end; NULL: no section is. */
    const char *const *sections;
    /* The spec of such a section, malloc()ed; errors say why. NULL: "KIND:REST", with a colon for
     * the first slash behind a category. */
    struct rp_error *(*spec_of_section)(const struct rp_section *section, char **spec);

    /* ---- the type of program */
    enum bpf_prog_type prog_type;
    enum bpf_attach_type
        attach_type; /* for BPF_PROG_TYPE_TRACING: such a program is loaded for one attach point,
                        the BTF type that resolve() puts in `number` */
    /* Fills in the rest where that depends on the spec; NULL: there is none. */
    void (*set_program)(const struct rp_spec *spec, struct rp_program_kind *program);
    const char *decides; /* "what becomes of packets": what its result decides; NULL: nothing */
    enum bpf_attach_type multi_type; /* for one link to many attach points, if the kernel has it; 0:
                                        no kernel has it */

    /* ---- attach points */
    /* Whether the attach point exists here; may complete the spec (syscall prefix). */
    struct rp_error *(*resolve)(struct rp_spec *spec);
    /* Why the kernel would refuse a probe at an attach point that exists: a slower check, for
     * callers who ask beforehand. NULL if nothing is known; may be NULL itself. */
    struct rp_error *(*refuses)(const struct rp_spec *spec);
    /* NULL: RP_TASKS_ALL. */
    enum rp_tasks (*tasks)(const struct rp_spec *spec);
    enum rp_misses misses;
    enum rp_doer doer;
    bool is_scarce; /* the processor has few: what was left is ended at once */
    /* After an error the caller must also end what was attached. */
    struct rp_error *(*attach)(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out);
    /* Of iterators, whose programs run when somebody reads: opens what is to be read, to its end.
     * NULL: events run them. */
    struct rp_error *(*open)(const struct rp_attachment *attachment, int *fd);
    /* Calls `each` with the part after the colon of every attach point of this kind, or at least of
     * all that match the shell pattern. NULL: they cannot be listed. */
    struct rp_error *(*list)(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx);
    /* Adds every match of the pattern after the kind's colon, and sets `path`. NULL: specs of this
     * kind cannot be patterns. */
    struct rp_error *(*match)(const char *pattern, struct rp_matches *out);
    /* For kinds with match(): makes `attr` the perf event of match `i`; false if the kernel has no
     * such events. */
    bool (*set_event)(struct perf_event_attr *attr, const struct rp_matches *matches, size_t i);
    /* Why the kernel refuses a program at all of `count` matches, if the kind knows; otherwise
     * NULL. May be NULL itself. */
    struct rp_error *(*refuses_all)(int errnum, size_t count);
    /* Another attach point that exists here and shows the same; malloc()ed, or NULL. May be NULL
     * itself. */
    char *(*suggest)(const struct rp_spec *spec);

    /* ---- arguments */
    const char *noun; /* the word for an argument; NULL: "argument" */
    /* Adds its arguments to an empty list. NULL: it has none. */
    struct rp_error *(*arguments)(const struct rp_spec *spec, struct rp_arguments *arguments);
    /* Adds what is called so there besides: a variable of the program. May be NULL. */
    struct rp_error *(*add_named)(struct rp_arguments *arguments, const char *name);
    /* How C reads the argument of that name through the context: where it is, and as what;
     * malloc()ed, NULL: there is none. NULL for kinds that do not read them so. */
    char *(*field)(const struct rp_spec *spec, const char *name);
    /* The same of what is at that offset, in bytes, of the context. NULL where `field` is. */
    char *(*field_at)(const struct rp_spec *spec, uint32_t offset);
    /* How the number of that argument is shown, as the kernel prints it (probe/symbols.h);
     * malloc()ed, NULL: as a number. NULL: the kernel does not say. */
    char *(*symbols)(const struct rp_spec *spec, const char *argument);
    /* The argument that is the task whom it is about, "" where it is about none. NULL: about the
     * task that runs. */
    const char *(*task)(const struct rp_arguments *arguments);
    /* Where the addresses lead that the arguments and the result are. NULL: RP_MEMORY_EITHER, to
     * the kernel's own or, where it was handed on, the process's. For a pattern, `spec` has no
     * target.
     */
    enum rp_memory (*memory)(const struct rp_spec *spec, const struct rp_arguments *arguments);
    /* The kind that may have arguments of a function that this kind lacks, or NULL. */
    const char *has_more_arguments;

    /* ---- calls */
    bool of_functions; /* its targets are functions */
    bool is_return;    /* it is at a return */
    bool is_both;      /* it is at an entry and at the return */
    /* The same for some of its attach points; may be NULL. */
    bool (*returns)(const struct rp_spec *spec);
    /* See rp_spec_call(); of a spec without an offset. May be NULL. */
    char *(*call)(const struct rp_spec *spec, enum rp_call_part part);

    bool
        may_lack_entry; /* the return of a call may come without its entry; its context has `ret` */
    /* Whether tasks of another width than the kernel's do not come by. NULL: they do. */
    bool (*is_native)(const struct rp_spec *spec);
    /* What a probe there may do to the program, by the part of a spec or pattern after the kind's
     * colon; malloc()ed, NULL: nothing is known. NULL: nothing. */
    char *(*risk)(const char *rest);
    /* Which calls a probe there does not see; malloc()ed, NULL: nothing is known. NULL: it sees
     * all.
     */
    char *(*unseen)(const struct rp_spec *spec);

    /* ---- the C of a function for it: see arguments.h */
    /* The name of BPF's context, and another one in case the program reads something of that name;
     * NULL: "ctx", "regs". */
    const char *context, *other_context;
    bool has_parameters; /* the arguments are parameters of the C function; otherwise: */
    void (*write_argument)(const struct rp_function_text *function, size_t i);
    /* Behind the argument, which is an array up to a NULL: counts its elements. Returns the
     * variable that says how many, or all ones where that is not known; NULL: it is of another
     * kind. May be NULL. */
    const char *(*write_count)(const struct rp_function_text *function, const char *argument);
    enum rp_result result;
    /* RP_RESULT_ARGUMENT: where BPF's context has it, behind "->". */
    const char *result_member;
    void (*write_result)(const struct rp_function_text *function);
    /* "int NAME(…)\n{\n". NULL: nobody can ask questions there, since what a program returns
     * decides what happens. */
    void (*write_head)(const struct rp_function_text *function);
    /* Behind the address `argument` that was kept of the call's entry: sets it anew where by the
     * return it does not lead there any more. Returns what write_count() does. May be NULL. */
    const char *(*write_kept)(const struct rp_function_text *function, const char *argument);
    /* A number that is the same at both ends of a call, and another one in each call that goes on
     * in the same task; NULL: a task makes one such call at a time. */
    void (*write_frame)(const struct rp_function_text *function);
    /* Of iterators: sends the struct `record` as a row. */
    void (*write_row)(const struct rp_function_text *function, const char *record);
    /* C that must come before such a function, whose name is `function`; may be NULL. */
    struct rp_error *(*write_before)(const struct rp_spec *spec, const char *function, FILE *out);
    /* Why a program at one attach point of this kind cannot move to another; NULL: it can. */
    const char *cannot_move;

    /* ---- for people */
    /* Whether it can be described although resolve() fails; may be NULL. */
    bool (*exists)(const struct rp_spec *spec);
    /* Prints lines about an attach point that exists or is resolved; may be NULL. */
    void (*describe)(const struct rp_spec *spec, FILE *out);
    /* How `rest`, after the kind's colon, can continue. NULL: as list() lists. */
    struct rp_error *(*complete)(struct rp_completion *completion, const char *rest);
    const char *target_noun; /* "function", shown next to each completion; NULL: the kind's name */
    const char *feature;     /* what reprobe doctor calls it ("iterators"), where it has look() */
    /* Whether this kernel has it, and what was seen. NULL: kernel/doctor.c knows, or need not. */
    bool (*look)(char *detail, size_t size);
};

extern const struct rp_probe_kind rp_kprobe_kind, rp_kretprobe_kind, rp_uprobe_kind,
    rp_uretprobe_kind, rp_tracepoint_kind, rp_raw_tracepoint_kind, rp_raw_syscall_kind,
    rp_profile_kind, rp_interval_kind, rp_software_kind, rp_hardware_kind, rp_fentry_kind,
    rp_fexit_kind, rp_tp_btf_kind, rp_usdt_kind, rp_iter_kind, rp_watchpoint_kind, rp_lsm_kind,
    rp_xdp_kind, rp_tc_kind, rp_socket_kind, rp_cgroup_kind, rp_run_kind, rp_fmod_ret_kind,
    rp_kprobe_session_kind, rp_uprobe_session_kind;

/* rp_probe_kind.memory() for kinds in files: RP_MEMORY_USER. */
enum rp_memory rp_memory_of_process(const struct rp_spec *spec,
                                    const struct rp_arguments *arguments);

/* ------------------------------------------------------------------ the table */

/* Whether the kernel puts an address of its own on the stack for it, to learn of the return: it has
 * to be at a function's entry. */
static inline bool rp_probe_kind_sees_return(const struct rp_probe_kind *kind) {
    return kind->is_return || kind->is_both;
}
/* Kind `i` in the order of the table; NULL after the last. */
const struct rp_probe_kind *rp_probe_kind_at(size_t i);
/* Adds a row to the table, for a kind that lives as long as the process (of a test); false if the
 * table is full. */
bool rp_probe_kind_add(const struct rp_probe_kind *kind);
/* The kind of that name or alias, or NULL. */
const struct rp_probe_kind *rp_probe_kind_find(const char *name, size_t length);
/* The error for a kind that does not exist; its hint lists those that do. */
struct rp_error *rp_probe_kind_unknown(const char *name);
struct rp_error *rp_spec_parse(const char *text, struct rp_spec *spec);
/* The spec of a section of an ELF file, malloc()ed; `where` has what the user named. *out is NULL
 * where the section says only what kind it is ("uprobe"). An error where no kind is of such a
 * section. */
struct rp_error *rp_spec_of_section(const char *section, const struct rp_section *where,
                                    char **out);
/* The spec of another part of the same call, malloc()ed; NULL if there is none, as in the middle of
 * a function. */
char *rp_spec_call(const struct rp_spec *spec, enum rp_call_part part);
/* The name of a function that names this probe by BCC's conventions: the opposite of
 * rp_probe_spec_of_function(). malloc()ed; NULL if there is no such name. It may contain characters
 * that are not allowed in C names. */
char *rp_spec_function_name(const struct rp_spec *spec);

#endif
