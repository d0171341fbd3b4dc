/* SPDX-License-Identifier: Apache-2.0 */
/* libbpf's objects, for elf.c and elf_link.c. */
#ifndef RP_COMPILE_LIBBPF_H
#define RP_COMPILE_LIBBPF_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "compile/object.h"

struct rp_error;

/* From here to rp_libbpf_quiet_end() what libbpf says goes to memory. */
void rp_libbpf_quiet(void);
/* The warnings that it wrote since then, malloc()ed; NULL: none. */
char *rp_libbpf_quiet_end(void);

/* A member or a type, "struct task_struct.no_such_id", that a program reads or asks for and the
 * kernel lacks. */
struct rp_libbpf_absent {
    char program[64], what[160];
};
/* What CO-RE relocations did not find since rp_libbpf_quiet(); until rp_libbpf_quiet_end(). */
struct rp_libbpf_absent *rp_libbpf_absent(size_t *count);

/* The object of an ELF file, with the sizes that authors leave to their loaders; *out is ended by
 * bpf_object__close(). Errors say why. */
struct rp_error *rp_libbpf_open(const void *elf, size_t size, struct bpf_object **out);
/* Whether libbpf can read a file that others made, which no digest proves whole: some releases
 * crash on damaged ones (1.1 does), so a worker of this process tries it. */
struct rp_error *rp_libbpf_check(const void *elf, size_t size);
static inline void rp_cleanup_bpf_object(struct bpf_object **object) {
    bpf_object__close(*object);
}
#define RP_AUTO_BPF_OBJECT RP_AUTO(rp_cleanup_bpf_object)
static inline void rp_cleanup_bpf_btf(struct btf **btf) {
    btf__free(*btf);
}
#define RP_AUTO_BPF_BTF RP_AUTO(rp_cleanup_bpf_btf)

/* What the map is like, but its name and its types, and whether libbpf's headers declare it. */
void rp_libbpf_describe_map(const struct bpf_map *map, struct rp_object_map *out);

#endif
