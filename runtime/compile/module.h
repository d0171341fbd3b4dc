/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled module, as the rest of the runtime sees it. */
#ifndef RP_COMPILE_MODULE_H
#define RP_COMPILE_MODULE_H

#include <linux/bpf.h>

#include "compile/gate.h"
#include "compile/load.h"
#include "compile/object.h"
#include "compile/source.h"
#include "reprobe.h"

struct btf;

/* How the map was declared; NULL when there is none of that name. */
const struct rp_object_map *rp_module_map(const struct rp_module *module, const char *name);

/* The module's own types; NULL when it has none. Owned by the module. */
const struct btf *rp_module_btf(const struct rp_module *module);

/* rp_module_compile() and rp_module_compile_file(); `before` is what the probes want that the
 * options say will be attached. */
struct rp_error *rp_module_of_text(const char *text, const struct rp_compile_opts *opts,
                                   rp_write_before_fn before, struct rp_module **out);
struct rp_error *rp_module_of_file(const char *path, const struct rp_compile_opts *opts,
                                   rp_write_before_fn before, struct rp_module **out);

/* A function in the kernel, as one kind of program. */
struct rp_program {
    struct rp_module *module; /* NULL: it was freed */
    const char *function;     /* the object's */
    struct rp_program_kind kind;
    int fd;              /* -1: its module was freed */
    struct rp_gate gate; /* has no words: all that use the function share it */
    unsigned users;      /* places; with a gate one at most */
};

/* A program for one place. Where the module's are movable, and the kernel allows, it has a gate,
 * which is closed, and nobody else uses it until it is given back: then it may be used for another
 * place, so nothing may run it any more. */
struct rp_error *rp_program_take(struct rp_module *module, const char *function,
                                 const struct rp_program_kind *kind, struct rp_program **out);
void rp_program_give_back(struct rp_program *program);

/* Loads `function` as that kind of program, once: a second call gives the same descriptor. *fd
 * stays the module's. */
struct rp_error *rp_module_load(struct rp_module *module, const char *function,
                                const struct rp_program_kind *kind, int *fd);

/* Has the program of that descriptor verified once more; *log is malloc()ed. */
struct rp_error *rp_module_verify(const struct rp_module *module, int program, char **log);

/* Whether any of the module's functions calls the helper (enum bpf_func_id). */
bool rp_module_calls(const struct rp_module *module, int helper);

/* Records that the module's programs could not send so far, all CPUs together. */
uint64_t rp_module_lost(const struct rp_module *module);

void rp_module_add_attach_ms(struct rp_module *module, double ms);

/* The error of a name that is no map of the module. */
struct rp_error *rp_module_map_missing(const struct rp_module *module, const char *name);

#endif
