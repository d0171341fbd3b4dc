/* SPDX-License-Identifier: Apache-2.0 */
/* Losses: what a program counted of what it left out. */
#ifndef RP_RECORD_LOSSES_H
#define RP_RECORD_LOSSES_H

#include <stdint.h>

struct rp_loss {
    uint64_t count, of; /* of: how many there were in all; 0: not known */
};

/* "1 event was not counted: the map is full" of `what`, "events were not counted: the map is full";
 * "12 of 340 reads of …"; malloc()ed. */
char *rp_loss_text(const struct rp_loss *loss, const char *what);

#endif
