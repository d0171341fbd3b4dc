/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loaded program at its place. A probe that moves leaves one and gets another one.
 *
 * To take a program away from its place the kernel needs tens of milliseconds, and while it does,
 * it puts no other one anywhere (its event_mutex). So one that was left stays where it is, behind
 * its closed gate, and is ready to be used there again; when nothing has moved for a while, or
 * there are too many, a thread takes them away, one after another.
 */
#ifndef RP_PROBE_INSTANCE_H
#define RP_PROBE_INSTANCE_H

#include "probe/matches.h"

struct rp_instance {
    struct rp_program *program;
    const struct rp_probe_kind *kind;
    char *asked, *spec;        /* the spec as it was given, and in full */
    pid_t pid;                 /* as in struct rp_spec */
    struct rp_matches matches; /* of a spec that is a pattern; else none */
    struct rp_attachment attachment;
    struct rp_instance *next; /* that was left after this one */
    uint64_t left_ns;
};

/* Attaches the function there; with a gate, nothing happens before rp_instance_start(). */
struct rp_error *rp_instance_new(struct rp_module *module, const char *function, const char *spec,
                                 pid_t pid, struct rp_instance **out);
/* Whether it can be stopped and started again at once. */
bool rp_instance_has_gate(const struct rp_instance *instance);
void rp_instance_start(const struct rp_instance *instance);
/* Nothing happens at its place from the return on. Without a gate it is taken away, and waits. */
void rp_instance_stop(struct rp_instance *instance);
/* The same without waiting: what runs already goes on. */
void rp_instance_disable(struct rp_instance *instance);

/* Ends one that was stopped; in the background where it has a gate. */
void rp_instance_leave(struct rp_instance *instance);
/* Ends it, at once. NULL is allowed. */
void rp_instance_free(struct rp_instance *instance);
/* Returns when all that were left are taken away. */
void rp_instances_flush(void);

#endif
