/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled module, for the rest of the runtime. */
#ifndef RP_COMPILE_MODULE_H
#define RP_COMPILE_MODULE_H

#include <linux/bpf.h>

#include "compile/elf.h"
#include "compile/load.h"
#include "compile/object.h"
#include "compile/source.h"
#include "reprobe_query.h"

struct btf;

/* How the map was declared; NULL if there is no map of that name. */
const struct rp_object_map *rp_module_map(const struct rp_module *module, const char *name);

/* Whether that map was taken over from another module, with its contents. */
bool rp_module_kept(const struct rp_module *module, const char *name);

/* The module's own types, NULL if it has none. Owned by the module. */
const struct btf *rp_module_btf(const struct rp_module *module);

/* What compiling needs from folders above. */
struct rp_module_needs {
    rp_write_before_fn before; /* what the probes want that the options say will be attached */
    rp_elf_parse_fn parse;     /* the text of a setting -> its bytes */
};

/* rp_module_compile() and rp_module_compile_file(). */
struct rp_error *rp_module_of_text(const char *text, const struct rp_compile_opts *opts,
                                   const struct rp_module_needs *needs, struct rp_module **out);
struct rp_error *rp_module_of_file(const char *path, const struct rp_compile_opts *opts,
                                   const struct rp_module_needs *needs, struct rp_module **out);

/* The build of a user's program whose offsets the function has, malloc()ed; NULL: of none. */
char *rp_module_build(const struct rp_module *module, const char *function);
/* The section of an ELF file that the function is in; NULL where there are none. */
const char *rp_module_section(const struct rp_module *module, const char *function);
/* The object's `const volatile` variables: see rp_elf_setting(). */
bool rp_module_setting(const struct rp_module *module, size_t *i, struct rp_elf_setting *out);

/* A function in the kernel, as one kind of program. */
struct rp_program {
    struct rp_module *module; /* NULL: the module was freed */
    const char *function;     /* the object's */
    struct rp_program_kind kind;
    bool counts_lost;    /* by functions behind it: see rp_link_losses() */
    int fd;              /* -1: its module was freed */
    struct rp_gate gate; /* without words: all users of the function share it */
    unsigned users;      /* attach points; with a gate at most one */
};

/* A program for one attach point. If the module is movable and the kernel allows it, the program
 * has a gate, which is closed, and nobody else uses it until it is given back. Then it may be used
 * for another attach point, so nothing may run it any longer. */
struct rp_error *rp_program_take(struct rp_module *module, const char *function,
                                 const struct rp_program_kind *kind, struct rp_program **out);
void rp_program_give_back(struct rp_program *program);

/* Loads `function` as that type of program, once: a second call returns the same descriptor. *fd
 * belongs to the module. */
struct rp_error *rp_module_load(struct rp_module *module, const char *function,
                                const struct rp_program_kind *kind, int *fd);

/* Verifies the program of that descriptor once more; *log is malloc()ed. */
struct rp_error *rp_module_verify(const struct rp_module *module, int program, char **log);

/* Whether it is there for tail calls: other functions go on in it. */
bool rp_module_is_tail(const struct rp_module *module, const char *function);
/* What the function reads of its context: flow.h. */
struct rp_flow_reads;
struct rp_error *rp_module_context_reads(const struct rp_module *module, const char *function,
                                         struct rp_flow_reads *reads);
/* Whether its section begins with a ?: it is attached where the user says so only. */
bool rp_module_is_optional(const struct rp_module *module, const char *function);

/* The process of -p or -c that it is compiled for; 0: none. */
pid_t rp_module_target_pid(const struct rp_module *module);

/* Whether any of the module's functions calls the helper (enum bpf_func_id). */
bool rp_module_calls(const struct rp_module *module, int helper);

/* See struct rp_compile_opts. */
const char *rp_module_read_only(const struct rp_module *module);

/* The records that the module's programs could not send so far, on all CPUs, by RP_LOST_FULL and
 * errors. */
void rp_module_lost(const struct rp_module *module, uint64_t counts[RP_LOST_KINDS]);
/* Whether some of its programs do not count them, because the kernel did not allow that. */
bool rp_module_is_blind(const struct rp_module *module);
/* The events that its programs were not run for, as the kernel counts them. */
uint64_t rp_module_missed(const struct rp_module *module);
/* The returns that were missed, because too many calls went on at a time. *known: false if the
 * kernel does not say of all. */
uint64_t rp_module_missed_returns(const struct rp_module *module, bool *known);

/* Something that is attached for the module, and how to ask what the kernel has missed there:
 * returns, or other events. */
struct rp_missing {
    uint64_t (*missed)(const void *ctx, bool *known);
    const void *ctx;
    bool is_return;
};
/* Asks it from now on, whenever somebody wants to know. */
struct rp_error *rp_module_watch(struct rp_module *module, const struct rp_missing *missing);
/* Not any more: `missed` is what has come since then, or since the last call. */
void rp_module_unwatch(struct rp_module *module, const struct rp_missing *missing, uint64_t missed,
                       bool known);

/* Processes that had ended before their files were seen, so that addresses in them have no names.
 */
void rp_module_add_unseen(struct rp_module *module, uint64_t processes);
uint64_t rp_module_unseen(const struct rp_module *module);
/* The module whose ids of unwound stacks it has taken over with its maps, which may have been freed
 * since; NULL: none. */
const struct rp_module *rp_module_stacks_of(const struct rp_module *module);
/* Stacks of processes that somebody else than its programs found cut. */
void rp_module_add_cut(struct rp_module *module, uint64_t stacks);
/* Of all that unwound_stack() was asked for: those that were cut, and those that are not known. */
uint64_t rp_module_cut_stacks(const struct rp_module *module);
uint64_t rp_module_missed_stacks(const struct rp_module *module);

/* How long its steps took so far. */
const struct rp_timings *rp_module_timings(const struct rp_module *module);
void rp_module_add_attach_ms(struct rp_module *module, double ms);

/* The error for a name that is not a map of the module. */
struct rp_error *rp_module_map_missing(const struct rp_module *module, const char *name);

/* What the rows mean that the module's iterators write; NULL: nothing is said of them. */
const struct rp_map_schema *rp_module_rows_schema(const struct rp_module *module);

#endif
