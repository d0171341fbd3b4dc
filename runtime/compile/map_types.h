/* SPDX-License-Identifier: Apache-2.0 */
/* What a map's keys and values are made of, as the module's BTF tells. */
#ifndef RP_COMPILE_MAP_TYPES_H
#define RP_COMPILE_MAP_TYPES_H

#include "compile/object.h"

struct btf;

/* Of an enum bpf_map_type: whether such a map holds data, rather than events, programs or other
 * objects; whether it carries events; whether it always has all its entries; whether a value is one
 * for each CPU. */
bool rp_map_type_is_data(uint32_t type);
bool rp_map_type_is_output(uint32_t type);
bool rp_map_type_is_array(uint32_t type);
bool rp_map_type_is_per_cpu(uint32_t type);

/* A key, a value, or a member of one. */
struct rp_part_type {
    const struct btf *btf;
    uint32_t id;     /* past typedefs and qualifiers; 0: nobody tells */
    uint32_t size;   /* bytes */
    uint32_t offset; /* of a member, from the beginning of the whole */
};

/* The types of the map's key and value in `btf` (NULL: none); 0 when nobody tells. */
void rp_map_type_ids(const struct rp_object_map *map, const struct btf *btf, uint32_t *key,
                     uint32_t *value);
struct rp_part_type rp_map_key_type(const struct rp_object_map *map, const struct btf *btf);
struct rp_part_type rp_map_value_type(const struct rp_object_map *map, const struct btf *btf);

/* An integer of at most 8 bytes that is no character and no truth value; of an unknown type: it has
 * the size of one. */
bool rp_part_is_number(const struct rp_part_type *type);
/* The same, without a sign. */
bool rp_part_is_unsigned(const struct rp_part_type *type);
/* An array of characters. */
bool rp_part_is_text(const struct rp_part_type *type);
/* An array; `element` is what it is of. */
bool rp_part_is_array(const struct rp_part_type *type, struct rp_part_type *element,
                      uint32_t *count);

/* The members of a struct, those of anonymous structs in it not among them; 0 for other types. */
unsigned rp_part_member_count(const struct rp_part_type *type);
/* Member `i`; false when there is none, or it is a bit field. *name is the BTF's. */
bool rp_part_member(const struct rp_part_type *type, unsigned i, struct rp_part_type *member,
                    const char **name);
/* The member "outer.inner"; "" is the whole. */
bool rp_part_find(const struct rp_part_type *type, const char *path, struct rp_part_type *member);
/* What begins at that byte of it, and is no struct; false when nothing does. */
bool rp_part_at(const struct rp_part_type *type, uint32_t offset, struct rp_part_type *member);
/* "u32", "struct key", "8 bytes"; malloc()ed. */
char *rp_part_text(const struct rp_part_type *type);

#endif
