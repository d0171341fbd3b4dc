/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and programs into the kernel. */
#ifndef RP_COMPILE_LOAD_H
#define RP_COMPILE_LOAD_H

#include "compile/object.h"

struct rp_error;

/* Creates the map; its types are those of `btf_fd`, or unknown where that is -1 or the kernel does
 * not take them for such a map. Returns a descriptor, or -1 with errno set. */
int rp_map_create(const struct rp_object_map *map, int btf_fd);
/* Why `source` cannot be used: its map could not be created, for the reason `errnum`. */
struct rp_error *rp_map_create_error(const char *source, const struct rp_object_map *map,
                                     int errnum);

/* As what a function is loaded. */
struct rp_program_kind {
    enum bpf_prog_type type;
    enum bpf_attach_type attach_type; /* 0 where the type has none */
    uint32_t attach_btf; /* of BPF_PROG_TYPE_TRACING (Linux 5.5): the kernel's type, by its BTF id,
                            where it will run; else 0 */
};

/* Loads a linked function (see link.h). `btf_fd` is the object's, -1 for none. Returns a
 * descriptor, or -1 with errno set and *log the verifier's log, malloc()ed, or NULL when it wrote
 * none. `log` may be NULL. */
int rp_program_load(const struct rp_object *object, const struct rp_object_function *function,
                    const struct rp_program_kind *kind, int btf_fd, char **log);

/* Has it verified once more, loading it as above, and gives the log of all paths: its beginning,
 * or its end, where there is more than 16 MiB of it. False, with errno, when it is refused, or
 * there is no memory. */
bool rp_program_verify(const struct rp_object *object, const struct rp_object_function *function,
                       const struct rp_program_kind *kind, int btf_fd, char **log);

#endif
