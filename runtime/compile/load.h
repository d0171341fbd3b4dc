/* SPDX-License-Identifier: Apache-2.0 */
/* Loads maps and programs into the kernel, and puts gates in front of programs. */
#ifndef RP_COMPILE_LOAD_H
#define RP_COMPILE_LOAD_H

#include "compile/object.h"
#include "util/vec.h"

struct rp_error;

/* Creates the map. Its types are those of `btf_fd`, or unknown if that is -1 or the kernel does not
 * accept types for such a map. Returns a descriptor, or -1 with errno set. */
int rp_map_create(const struct rp_object_map *map, int btf_fd);
/* The error for a `source` whose map could not be created, for the reason `errnum`. */
struct rp_error *rp_map_create_error(const char *source, const struct rp_object_map *map,
                                     int errnum);

/* The type of program that a function is loaded as. */
struct rp_program_kind {
    enum bpf_prog_type type;
    enum bpf_attach_type attach_type; /* 0 if the type has none */
    uint32_t attach_object;           /* whose BTF that is: of a module; 0: the kernel's own */
    uint32_t attach_btf; /* for BPF_PROG_TYPE_TRACING (Linux 5.5): the BTF id of the kernel's type
                            that it will run at; else 0 */
};

/* Loads a linked function (see link.h). `btf_fd` is the object's, -1 for none. Returns a
 * descriptor, or -1 with errno set and the verifier's log in *log, malloc()ed, or NULL if there is
 * none. `log` may be NULL. */
int rp_program_load(const struct rp_object *object, const struct rp_object_function *function,
                    const struct rp_program_kind *kind, int btf_fd, char **log);

/* Verifies it once more by loading it as above, and returns the log of all paths; only its
 * beginning or its end if it has more than 16 MiB. False, with errno, if it is rejected or memory
 * is out. */
bool rp_program_verify(const struct rp_object *object, const struct rp_object_function *function,
                       const struct rp_program_kind *kind, int btf_fd, char **log);

/* ------------------------------------------------------------- gates */

/*
 * A gate is in front of a program's function and can be closed at once, whereas the kernel needs
 * tens of milliseconds to detach a program. It is two words of a map that this process has in its
 * memory. The program counts itself in, checks whether the gate is open, and counts itself out when
 * it is done (link.c). Whoever closes the gate waits until no program is inside. Both write one
 * word and then read the other one, with a full barrier in between, so they cannot miss each other.
 * Each CPU has its own words, so that CPUs do not wait for each other (from the 65th on they
 * share).
 */

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
