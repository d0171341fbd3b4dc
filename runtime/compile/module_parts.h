/* SPDX-License-Identifier: Apache-2.0 */
/* What a module is made of, for module.c and programs.c. */
#ifndef RP_COMPILE_MODULE_PARTS_H
#define RP_COMPILE_MODULE_PARTS_H

#include "compile/link.h"
#include "compile/module.h"

struct rp_module {
    struct rp_object *object;
    char *name;   /* of the source, in messages */
    int *map_fds; /* as many as the object has maps; -1: not created */
    bool *kept;   /* as many: the map is another module's, too */
    uint64_t target[RP_TARGET_COUNT];
    int btf_fd; /* the object's types in the kernel; -1: it has none, or the kernel does not take
                   them */
    struct btf *btf;          /* the same, for reading */
    struct rp_schema *schema; /* of each of the object's maps, in their order */
    RP_VEC(struct rp_program *) programs;
    char *read_only; /* see struct rp_compile_opts */
    bool movable;
    bool blind; /* a program is loaded that does not count what it could not send */
    struct rp_gates gates;
    struct rp_timings timings;
    uint64_t missed, missed_returns; /* by what is gone */
    bool unsure_of_returns;
    uint64_t unseen;                   /* processes */
    uint64_t cut;                      /* stacks */
    const struct rp_module *stacks_of; /* see rp_module_stacks_of() */
    RP_VEC(struct rp_missing) watched;
};

/* Unloads its programs; one that is still attached is freed when it is given back. */
void rp_module_end_programs(struct rp_module *module);

#endif
