/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object's instructions leave open until they are loaded. A map is its index. The rest are
 * 64-bit constants that do not occur by chance: libbcc knows neither the address of a function nor,
 * outside its own calls, the address of a map.
 */
#ifndef RP_COMPILE_LINK_H
#define RP_COMPILE_LINK_H

#include <sys/types.h>

#include "compile/object.h"
#include "reprobe.h"

struct rp_error;
struct rp_gate;

/* Their upper halves. The lower half is a property of the target (see below) or rp_link_hash() of
 * the name. */
#define RP_SLOT_TARGET   0x72657074ULL
#define RP_SLOT_CALLBACK 0x72657063ULL
#define RP_SLOT_MAP      0x7265706dULL
/* The kernel's variable of each CPU that rp_kernel_preempt_count() finds. */
#define RP_SLOT_PREEMPT 0x72657070ULL
/* A flag: the map is declared as an array of `pages` but is a user ring buffer. */
#define RP_MAP_USER_RINGBUF (1u << 30)

/* A callback is a separate function of an object; its name has this prefix. */
#define RP_CALLBACK_PREFIX "rp_callback_"
/* What is written for BPF_CALLBACK in the text that libbcc compiles (libbcc.c), of the same length.
 */
#define RP_CALLBACK_TEXT "RP_CALLBACK_"

/* The hash of a name, as in prelude/callback.h: FNV-1a of its first 48 characters, filled up with
 * zeros. */
uint32_t rp_link_hash(const char *name);

bool rp_link_is_callback(const char *function);
/* Corrects a map that the macros of prelude/callback.h had to declare as another one. */
void rp_link_map_kind(struct rp_object_map *map);
/* The callbacks of a BTF must be static for the kernel; libbcc has only external functions. */
void rp_link_callbacks_static(struct rp_object *object);
/* And so must functions with a gate. `btf` is raw. */
void rp_link_programs_static(const struct rp_object *object, void *btf, uint32_t size);

/* A copy of `function` that can be loaded: with descriptors of maps (`map_fds`, as many as the
 * object has maps), the target's constants (see below), and the callbacks that it refers to at its
 * end. */
struct rp_error *rp_link_function(const struct rp_object *object,
                                  const struct rp_object_function *function, const int *map_fds,
                                  const uint64_t *target, struct rp_object_function *out);
/* Puts a program of a few instructions before a linked function, which it calls if the gate is
 * open: the kernel then sees the function as a separate one. False: out of memory. */
bool rp_link_gate(struct rp_object_function *linked, const struct rp_gate *gate);
/* Puts functions behind a linked one that call the helpers which send records, and count in the map
 * (RP_LOSS_MAP) those that could not be sent; the function calls these instead. False: out
 * of memory, and the function may be changed. */
bool rp_link_losses(const struct rp_object *object, struct rp_object_function *linked, int map_fd);
/* Whether one of its functions, as they are before linking, calls such a helper. */
bool rp_link_sends(const struct rp_object *object);
void rp_link_clear(struct rp_object_function *linked);

/* ------------------------------------------------------------- the target */

/* The constants that prelude/glue.h reads; 0 in each: anyone. */
enum {
    RP_TARGET_PID,
    RP_TARGET_UID,       /* with bit 32 set, because 0 is a user, too */
    RP_TARGET_COMM,      /* the first 8 bytes of the name, as they lie in memory */
    RP_TARGET_COMM_REST, /* the other 8 */
    RP_TARGET_CGROUP,    /* the kernel's id of the cgroup */
    RP_TARGET_SELF,      /* the process that loads it; all bits set: its id is not known */
    RP_TARGET_WORKER,    /* the name of its workers, util/worker.h, as that of the target */
    RP_TARGET_WORKER_REST,
    RP_TARGET_COUNT
};

/* Fails if a name is too long for a task, or the directory is not a cgroup. */
struct rp_error *rp_target_constants(const struct rp_target *target,
                                     uint64_t constants[RP_TARGET_COUNT]);

#endif
