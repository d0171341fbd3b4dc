/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a program, as constants that a function is linked with. */
#ifndef RP_COMPILE_TARGET_H
#define RP_COMPILE_TARGET_H

#include "reprobe.h"

/* The constants that prelude/glue.h reads; 0 in each: anyone. */
enum {
    RP_TARGET_PID,
    RP_TARGET_UID,       /* with bit 32 set, because 0 is a user, too */
    RP_TARGET_COMM,      /* the first 8 bytes of the name, as they lie in memory */
    RP_TARGET_COMM_REST, /* the other 8 */
    RP_TARGET_CGROUP,    /* the kernel's id of the cgroup */
    RP_TARGET_COUNT
};

/* Whether is_target() has to check more than the process; leaving out the rest saves a tenth of the
 * compile time. */
bool rp_target_is_by_task(const struct rp_compile_opts *opts);

/* Fails if a name is too long for a task, or the directory is not a cgroup. */
struct rp_error *rp_target_constants(const struct rp_target *target,
                                     uint64_t constants[RP_TARGET_COUNT]);

#endif
