/* SPDX-License-Identifier: Apache-2.0 */
/* The types of a map's keys and values, from the module's BTF. */
#ifndef RP_COMPILE_MAP_TYPES_H
#define RP_COMPILE_MAP_TYPES_H

#include "compile/object.h"

struct btf;

/* For an enum bpf_map_type: whether such a map holds data rather than events, programs or other
 * objects; whether it carries events; whether it always has all its entries; whether it has a value
 * for each CPU. */
bool rp_map_type_is_data(uint32_t type);
bool rp_map_type_is_output(uint32_t type);
bool rp_map_type_is_array(uint32_t type);
bool rp_map_type_is_per_cpu(uint32_t type);

/* Addresses of a stack: the kernel's limit, PERF_MAX_STACK_DEPTH. */
#define RP_STACK_DEPTH 127
/* Whether it is a BPF_STACK_TRACE of addresses. */
bool rp_map_keeps_stacks(const struct rp_object_map *map);

/* A key, a value, or a member of one. */
struct rp_part_type {
    const struct btf *btf;
    uint32_t id;     /* without typedefs and qualifiers; 0: unknown */
    uint32_t size;   /* bytes */
    uint32_t offset; /* of a member, from the beginning of the key or value */
};

/* The types of the map's key and value in `btf` (NULL: none); 0 if unknown. */
void rp_map_type_ids(const struct rp_object_map *map, const struct btf *btf, uint32_t *key,
                     uint32_t *value);
struct rp_part_type rp_map_key_type(const struct rp_object_map *map, const struct btf *btf);
struct rp_part_type rp_map_value_type(const struct rp_object_map *map, const struct btf *btf);

/* An integer of at most 8 bytes that is not a character or bool; an unknown type of such a size
 * counts, too. */
bool rp_part_is_number(const struct rp_part_type *type);
/* The same, and unsigned. */
bool rp_part_is_unsigned(const struct rp_part_type *type);
/* An array of characters. */
bool rp_part_is_text(const struct rp_part_type *type);
/* An array; `element` is the type of its elements. */
bool rp_part_is_array(const struct rp_part_type *type, struct rp_part_type *element,
                      uint32_t *count);

/* The number of members of a struct, without those of anonymous structs in it; 0 for other types.
 */
unsigned rp_part_member_count(const struct rp_part_type *type);
/* Member `i`; false if there is none, or it is a bit field. *name belongs to the BTF. */
bool rp_part_member(const struct rp_part_type *type, unsigned i, struct rp_part_type *member,
                    const char **name);
/* The member "outer.inner"; "" is the key or value itself. */
bool rp_part_find(const struct rp_part_type *type, const char *path, struct rp_part_type *member);
/* The member that begins at that byte and is not a struct; false if there is none. */
bool rp_part_at(const struct rp_part_type *type, uint32_t offset, struct rp_part_type *member);
/* "u32", "struct key", "8 bytes"; malloc()ed. */
char *rp_part_text(const struct rp_part_type *type);

#endif
