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

/* The process of -p or -c that it is compiled for; 0: none. */
pid_t rp_module_target_pid(const struct rp_module *module);

/* Whether any of the module's functions calls the helper (enum bpf_func_id). */
bool rp_module_calls(const struct rp_module *module, int helper);

/* See struct rp_compile_opts. */
const char *rp_module_read_only(const struct rp_module *module);

/* The records that the module's programs could not send so far, on all CPUs. */
uint64_t rp_module_lost(const struct rp_module *module);
/* Whether some of its programs do not count them, because the kernel did not allow that. */
bool rp_module_is_blind(const struct rp_module *module);
/* The events that its programs were not run for, as the kernel counts them. */
uint64_t rp_module_missed(const struct rp_module *module);
/* Those that its probes told of when they ended: returns, for which too many calls went on at a
 * time, or others. */
void rp_module_add_missed(struct rp_module *module, uint64_t missed, bool is_return);
uint64_t rp_module_missed_returns(const struct rp_module *module);

/* How long its steps took so far. */
const struct rp_timings *rp_module_timings(const struct rp_module *module);
void rp_module_add_attach_ms(struct rp_module *module, double ms);

/* The error for a name that is not a map of the module. */
struct rp_error *rp_module_map_missing(const struct rp_module *module, const char *name);

/* What the rows mean that the module's iterators write; NULL: nothing is said of them. */
const struct rp_map_schema *rp_module_rows_schema(const struct rp_module *module);

#endif
