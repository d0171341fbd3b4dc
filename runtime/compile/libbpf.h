/* SPDX-License-Identifier: Apache-2.0 */
/* libbpf's objects, for elf.c and elf_link.c. */
#ifndef RP_COMPILE_LIBBPF_H
#define RP_COMPILE_LIBBPF_H

#include <bpf/libbpf.h>

#include "compile/object.h"

struct rp_error;

/* From here to rp_libbpf_quiet_end() what libbpf says goes to memory. */
void rp_libbpf_quiet(void);
/* The warnings that it wrote since then, malloc()ed; NULL: none. */
char *rp_libbpf_quiet_end(void);

/* The object of an ELF file, with the sizes that authors leave to their loaders; *out is ended by
 * bpf_object__close(). Errors say why. */
struct rp_error *rp_libbpf_open(const void *elf, size_t size, struct bpf_object **out);
static inline void rp_cleanup_bpf_object(struct bpf_object **object) {
    bpf_object__close(*object);
}
#define RP_AUTO_BPF_OBJECT RP_AUTO(rp_cleanup_bpf_object)

/* What the map is like, but its name, and whether libbpf's headers declare it. */
void rp_libbpf_describe_map(const struct bpf_map *map, struct rp_object_map *out);

#endif
