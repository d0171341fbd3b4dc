/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate stands before a program's function and can be closed at once: to take a program away, the
 * kernel needs tens of milliseconds. It is two words of a map that this process has in its memory.
 * The program counts itself in, looks whether the gate is open, and counts itself out when it is
 * done (link.c). Whoever closes it waits until nobody is inside. Both write one word and then read
 * the other one, with a full barrier between: they cannot miss each other. Each CPU has words of
 * its own, so that CPUs do not wait for each other (from the 65th on they share).
 */
#ifndef RP_COMPILE_GATE_H
#define RP_COMPILE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cache line. */
struct rp_gate_words {
    uint64_t is_open;
    uint64_t inside; /* programs that are at work */
    uint64_t unused[6];
};

struct rp_gate {
    struct rp_gate_words *words; /* one a CPU; NULL: there is no gate */
    uint32_t cpus;               /* so many: a power of two */
    int map_fd;                  /* the map that they are in, */
    uint32_t offset;             /* and where, in bytes */
};

/* Where gates are taken from; zeroed it is empty. */
struct rp_gates {
    struct rp_gate_block *blocks;
    size_t count;
};

/* A closed gate. False where the kernel has no such maps (before Linux 5.5), or has no room. */
bool rp_gates_take(struct rp_gates *gates, struct rp_gate *out);
/* Nothing may refer to it any more. */
void rp_gates_give_back(struct rp_gates *gates, const struct rp_gate *gate);
/* Programs that are loaded keep theirs, as they are: closed, if they were closed. */
void rp_gates_clear(struct rp_gates *gates);

void rp_gate_open(const struct rp_gate *gate);
/* Nothing begins behind it from the return on. */
void rp_gate_close(const struct rp_gate *gate);
/* Returns when nothing is at work behind a closed gate: some microseconds. */
void rp_gate_wait(const struct rp_gate *gate);

#endif
