/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the maps of a program mean. A schema is made in two places: by the query planner
 * (query/schema.c), and by inference for an author's own C (infer.c). A module holds one for each
 * of its maps, in their order; whoever prints, watches, changes or keeps a map reads that.
 */
#ifndef RP_COMPILE_SCHEMA_H
#define RP_COMPILE_SCHEMA_H

#include <string.h>

#include "compile/object.h"
#include "reprobe_query.h"
#include "util/cleanup.h"

struct btf;

/* ------------------------------------------------------------------ schema.c */

/* NULL: no memory. */
struct rp_schema *rp_schema_new(void);
/* NULL is allowed. */
void rp_schema_free(struct rp_schema *schema);
static inline void rp_cleanup_schema(struct rp_schema **schema) {
    rp_schema_free(*schema);
}
#define RP_AUTO_SCHEMA RP_AUTO(rp_cleanup_schema)

/* Appends a map, to be filled in before the next one. NULL: no memory. */
struct rp_map_schema *rp_schema_add(struct rp_schema *schema, const char *name,
                                    enum rp_meaning means);
/* Appends a copy of the member; false: no memory. */
bool rp_map_schema_add(struct rp_map_schema *map, const struct rp_member_schema *member);
/* Sets one of the map's texts (&map->unit, &map->loss) to a copy; false: no memory. */
bool rp_map_schema_set(const char **text, const char *value);
/* Puts a copy of `from` in place of *to; false: no memory, and *to as it was. */
bool rp_map_schema_copy(struct rp_map_schema *to, const struct rp_map_schema *from);

/* NULL: no memory. */
struct rp_schema *rp_schema_copy(const struct rp_schema *from);
/* One that has the object's maps, in their order, and does not say what they mean. NULL: no memory.
 */
struct rp_schema *rp_schema_of(const struct rp_object *object);
/* A copy of a host program's own, whose structs may have other sizes. */
struct rp_error *rp_schema_read(const struct rp_schema *given, struct rp_schema **out);

/* NULL when there is none of that name; `schema` may be NULL. */
const struct rp_map_schema *rp_schema_map(const struct rp_schema *schema, const char *name);
/* Whether it has the first `count` maps `of` another one; `said` may be NULL. */
bool rp_schema_says_all(const struct rp_schema *said, const struct rp_schema *of, size_t count);
/* Whether both say the same; members are in the same order. */
bool rp_map_schema_same(const struct rp_map_schema *a, const struct rp_map_schema *b);
bool rp_schema_same(const struct rp_schema *a, const struct rp_schema *b);

/* The first member of the key (or of the value) that means that; NULL when none does. */
static inline const struct rp_member_schema *
rp_map_schema_member(const struct rp_map_schema *map, bool of_value, enum rp_member_meaning means) {
    for (size_t i = 0; i < map->member_count; i++)
        if (map->members[i].of_value == of_value && map->members[i].means == means)
            return &map->members[i];
    return NULL;
}
/* Whether the key says that it was counted in that interval; where it does not say, false. */
static inline bool rp_map_is_of_interval(const struct rp_map_schema *map, const void *key,
                                         uint32_t interval) {
    const struct rp_member_schema *member = rp_map_schema_member(map, false, RP_MEMBER_INTERVAL);
    uint32_t own;
    if (!member || member->size != sizeof(own))
        return false;
    memcpy(&own, (const char *)key + member->offset, sizeof(own));
    return own == interval;
}
static inline bool rp_means_histogram(enum rp_meaning means) {
    return means == RP_MEANS_LOG2 || means == RP_MEANS_LINEAR;
}
/* What people ask for: not what the program notes for itself, and not what is left out. */
static inline bool rp_means_answer(enum rp_meaning means) {
    return means == RP_MEANS_TABLE || means == RP_MEANS_COUNTER || means == RP_MEANS_STACKS ||
           means == RP_MEANS_VARIABLES || means == RP_MEANS_STATS || rp_means_histogram(means);
}
/* Whether it is a stack's id. */
static inline bool rp_member_is_stack(const struct rp_member_schema *member) {
    return member->means == RP_MEMBER_KERNEL_STACK || member->means == RP_MEMBER_USER_STACK;
}

/* ---- whether it fits the maps */

/* Puts what is said of some maps in its place in *schema, which has all the object's maps in their
 * order. An error where that does not fit a map's kind, types or sizes: then *schema is as before.
 */
struct rp_error *rp_schema_apply(const struct rp_object *object, const struct btf *btf,
                                 const struct rp_schema *said, struct rp_schema **schema);
/* Of an edited program's map, which is inferred to mean `now`: what cannot be inferred is as it was
 * said of the same map before the edit. Units and edges are not: the C may give others. False: no
 * memory. */
bool rp_map_schema_keep(struct rp_map_schema *now, const struct rp_map_schema *before);

/* ------------------------------------------------------------------ infer.c */

/* Fills in what each of the object's maps means, as far as it can be told; `schema` is as
 * rp_schema_of() made it. */
struct rp_error *rp_schema_infer(const struct rp_object *object, const struct btf *btf,
                                 struct rp_schema *schema);

#endif
