/* SPDX-License-Identifier: Apache-2.0 */
/* Losses: what a program counted of what it left out. */
#ifndef RP_RECORD_LOSSES_H
#define RP_RECORD_LOSSES_H

#include <stdint.h>

#include "compile/object.h"
#include "reprobe_query.h"
#include "util/vec.h"

struct rp_loss {
    uint64_t count, of; /* of: how many there were in all; 0: not known */
};

/* "1 event was not counted: the map is full" of `what`, "events were not counted: the map is full";
 * "12 of 340 reads of …"; malloc()ed. */
char *rp_loss_text(const struct rp_loss *loss, const char *what);

/* What was told of a module's losses while its programs ran: by map, and of what the kernel missed.
 * To be zeroed; ended by rp_vec_clear(). */
struct rp_losses_told {
    RP_VEC(uint64_t);
    uint64_t missed[2], refused[RP_LOST_KINDS];
};
/* As rp_module_losses(), "… so far: …", of those that can only grow, and have become twice what was
 * told of them at least. */
struct rp_error *rp_module_losses_so_far(const struct rp_module *module,
                                         struct rp_losses_told *told,
                                         void (*each)(void *ctx, const char *text), void *ctx);

/* Empties the maps that tell calls' entries from their returns, and counts what was in them among
 * the losses: after a time in which nothing was seen, an entry that is left there is of a call that
 * may be over. No program of the module may run. */
struct rp_error *rp_module_forget_calls(const struct rp_module *module);

#endif
