/* SPDX-License-Identifier: Apache-2.0 */
/* Loads maps and programs into the kernel. */
#ifndef RP_COMPILE_LOAD_H
#define RP_COMPILE_LOAD_H

#include "compile/object.h"

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

#endif
