/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loaded program at its attach point. A probe that moves leaves one instance and gets another.
 *
 * The kernel needs tens of milliseconds to detach a program, and attaches no other program
 * meanwhile (its event_mutex). So an instance that was left stays attached, with its gate closed,
 * and can be used again; when nothing has moved for a while, or there are too many, a thread
 * detaches them one by one.
 */
#ifndef RP_PROBE_INSTANCE_H
#define RP_PROBE_INSTANCE_H

#include "probe/matches.h"

struct rp_instance {
    struct rp_program *program;
    const struct rp_probe_kind *kind;
    char *asked, *spec;        /* the spec as it was given, and in full */
    pid_t pid;                 /* as in struct rp_spec */
    struct rp_matches matches; /* of a pattern; otherwise empty */
    struct rp_attachment attachment;
    struct rp_instance *next; /* the one that was left after this one */
    uint64_t left_ns;
};

/* Attaches the function there; with a gate, nothing happens before rp_instance_start(). */
struct rp_error *rp_instance_new(struct rp_module *module, const char *function, const char *spec,
                                 pid_t pid, struct rp_instance **out);
/* Whether it can be stopped and started at once. */
bool rp_instance_has_gate(const struct rp_instance *instance);
void rp_instance_start(const struct rp_instance *instance);
/* After the return it gets no events. Without a gate this detaches it, and waits. */
void rp_instance_stop(struct rp_instance *instance);
/* The same without waiting for programs that already run. */
void rp_instance_disable(struct rp_instance *instance);
/* Begins to detach it; rp_instance_free() waits for the end of that. */
void rp_instance_detach(struct rp_instance *instance);

/* Ends a stopped instance; in the background if it has a gate. */
void rp_instance_leave(struct rp_instance *instance);
/* Ends it at once. NULL is allowed. */
void rp_instance_free(struct rp_instance *instance);
/* Whether some that were left are still to be detached, by a thread that may hold any lock. */
bool rp_instances_linger(void);
/* Returns when all that were left are detached. */
void rp_instances_flush(void);

#endif
