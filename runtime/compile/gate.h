/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate is in front of a program's function and can be closed at once, whereas the kernel needs
 * tens of milliseconds to detach a program. It is two words of a map that this process has in its
 * memory. The program counts itself in, checks whether the gate is open, and counts itself out when
 * it is done (link.c). Whoever closes the gate waits until no program is inside. Both write one
 * word and then read the other one, with a full barrier in between, so they cannot miss each other.
 * Each CPU has its own words, so that CPUs do not wait for each other (from the 65th on they
 * share).
 */
#ifndef RP_COMPILE_GATE_H
#define RP_COMPILE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/vec.h"

/* A cache line. */
struct rp_gate_words {
    uint64_t is_open;
    uint64_t inside; /* programs that are inside */
    uint64_t unused[6];
};

struct rp_gate {
    struct rp_gate_words *words; /* one for each CPU; NULL: no gate */
    uint32_t cpus;               /* how many: a power of two */
    int map_fd;                  /* the map that they are in, */
    uint32_t offset;             /* and where, in bytes */
};

/* A pool of gates; empty if zeroed. */
struct rp_gates {
    RP_VEC(struct rp_gate_block);
};

/* Makes a closed gate. False if the kernel has no such maps (before Linux 5.5) or no memory. */
bool rp_gates_take(struct rp_gates *gates, struct rp_gate *out);
/* Nothing may refer to the gate any longer. */
void rp_gates_give_back(struct rp_gates *gates, const struct rp_gate *gate);
/* Loaded programs keep their gates as they are: a closed gate stays closed. */
void rp_gates_clear(struct rp_gates *gates);

void rp_gate_open(const struct rp_gate *gate);
/* After the return no program enters it. */
void rp_gate_close(const struct rp_gate *gate);
/* Returns when no program is inside a closed gate: some microseconds. */
void rp_gate_wait(const struct rp_gate *gate);

#endif
