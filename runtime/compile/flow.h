/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a few values go, as a program's instructions tell: which members of keys, values and
 * records hold what bpf_get_stackid(), bpf_get_current_pid_tgid() and bpf_get_current_comm() gave.
 * Types do not say that, and names are the author's own.
 */
#ifndef RP_COMPILE_FLOW_H
#define RP_COMPILE_FLOW_H

#include "compile/object.h"
#include "reprobe_query.h"
#include "util/vec.h"

enum rp_flow_part { RP_FLOW_KEY, RP_FLOW_VALUE, RP_FLOW_RECORD };

struct rp_flow_member {
    uint32_t map; /* its index among the object's maps */
    enum rp_flow_part part;
    uint32_t offset; /* bytes from the part's beginning */
    /* A stack, a process's id, a task's name; plain, where functions disagree. */
    enum rp_member_meaning means;
    uint32_t stacks; /* of a stack: the index of the map that it is in */
};

struct rp_flow {
    RP_VEC(struct rp_flow_member) members;
};

/* Follows each function of the object from its beginning to its end, past branches that can be
 * taken either way. *flow is zeroed before, and cleared in any case. */
struct rp_error *rp_flow_follow(const struct rp_object *object, struct rp_flow *flow);
void rp_flow_clear(struct rp_flow *flow);

/* Bytes of its context that a function reads. */
struct rp_flow_read {
    uint32_t offset, size;
};

struct rp_flow_reads {
    RP_VEC(struct rp_flow_read);
};

/* Those of the function itself, by loads and by helpers; not of functions that it calls. *reads is
 * zeroed before, and cleared in any case. */
struct rp_error *rp_flow_context(const struct rp_object *object,
                                 const struct rp_object_function *function,
                                 struct rp_flow_reads *reads);

#endif
