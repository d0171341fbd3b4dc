/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/schema.h"

#include <stdlib.h>
#include <string.h>

#include "util/vec.h"

/* What is const to readers was allocated here. */
static struct rp_map_schema *maps_of(const struct rp_schema *schema) {
    return (struct rp_map_schema *)schema->maps;
}

static void clear_member(const struct rp_member_schema *member) {
    free((char *)member->name);
    free((char *)member->header);
    free((char *)member->unit);
    free((char *)member->stacks);
}

static void clear_map(struct rp_map_schema *map) {
    for (size_t i = 0; i < map->member_count; i++)
        clear_member(&map->members[i]);
    free((struct rp_member_schema *)map->members);
    free((char *)map->name);
    free((char *)map->unit);
    free((char *)map->loss);
    *map = (struct rp_map_schema){0};
}

struct rp_schema *rp_schema_new(void) {
    struct rp_schema *schema = calloc(1, sizeof(*schema));
    if (schema)
        schema->size = sizeof(*schema);
    return schema;
}

void rp_schema_free(struct rp_schema *schema) {
    if (!schema)
        return;
    for (size_t i = 0; i < schema->map_count; i++)
        clear_map(&maps_of(schema)[i]);
    free(maps_of(schema));
    free(schema);
}

/* ------------------------------------------------------------------ filling in */

/* False: no memory. */
static bool copy_text(const char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

bool rp_map_schema_set(const char **text, const char *value) {
    const char *copy;
    if (!copy_text(&copy, value))
        return false;
    free((char *)*text);
    *text = copy;
    return true;
}

struct rp_map_schema *rp_schema_add(struct rp_schema *schema, const char *name,
                                    enum rp_meaning means) {
    size_t count = schema->map_count, capacity = count;
    struct rp_map_schema *maps = rp_vec_grown(maps_of(schema), &capacity, count, 1, sizeof(*maps));
    if (!maps)
        return NULL;
    schema->maps = maps;
    struct rp_map_schema *map = &maps[schema->map_count];
    *map = (struct rp_map_schema){.size = sizeof(*map), .name = strdup(name), .means = means};
    schema->map_count += map->name != NULL;
    return map->name ? map : NULL;
}

bool rp_map_schema_add(struct rp_map_schema *map, const struct rp_member_schema *member) {
    size_t count = map->member_count, capacity = count;
    struct rp_member_schema *members = rp_vec_grown((struct rp_member_schema *)map->members,
                                                    &capacity, count, 1, sizeof(*members));
    if (!members)
        return false;
    map->members = members;
    struct rp_member_schema *copy = &members[map->member_count];
    *copy = *member;
    bool ok = copy_text(&copy->name, member->name);
    ok &= copy_text(&copy->header, member->header);
    ok &= copy_text(&copy->unit, member->unit);
    ok &= copy_text(&copy->stacks, member->stacks);
    map->member_count++;
    return ok;
}

bool rp_map_schema_copy(struct rp_map_schema *to, const struct rp_map_schema *from) {
    struct rp_map_schema copy = *from;
    copy.members = NULL;
    copy.member_count = 0;
    bool ok = copy_text(&copy.name, from->name);
    ok &= copy_text(&copy.unit, from->unit);
    ok &= copy_text(&copy.loss, from->loss);
    for (size_t i = 0; ok && i < from->member_count; i++)
        ok = rp_map_schema_add(&copy, &from->members[i]);
    if (!ok) {
        clear_map(&copy);
        return false;
    }
    clear_map(to);
    *to = copy;
    return true;
}

struct rp_schema *rp_schema_copy(const struct rp_schema *from) {
    RP_AUTO_SCHEMA struct rp_schema *copy = rp_schema_new();
    for (size_t i = 0; copy && i < from->map_count; i++) {
        struct rp_map_schema *map = rp_schema_add(copy, from->maps[i].name, from->maps[i].means);
        if (!map || !rp_map_schema_copy(map, &from->maps[i]))
            return NULL;
    }
    return rp_take(copy);
}

/* ------------------------------------------------------------------ reading */

const struct rp_map_schema *rp_schema_map(const struct rp_schema *schema, const char *name) {
    for (size_t i = 0; schema && i < schema->map_count; i++)
        if (strcmp(schema->maps[i].name, name) == 0)
            return &schema->maps[i];
    return NULL;
}

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_member(const struct rp_member_schema *a, const struct rp_member_schema *b) {
    return a->of_value == b->of_value && a->means == b->means && a->offset == b->offset &&
           same_text(a->name, b->name) && same_text(a->header, b->header) &&
           same_text(a->unit, b->unit) && same_text(a->stacks, b->stacks);
}

bool rp_map_schema_same(const struct rp_map_schema *a, const struct rp_map_schema *b) {
    bool same = a->means == b->means && a->member_count == b->member_count && a->low == b->low &&
                a->high == b->high && a->step == b->step && a->key_size == b->key_size &&
                a->value_size == b->value_size && same_text(a->name, b->name) &&
                same_text(a->unit, b->unit) && same_text(a->loss, b->loss);
    for (size_t i = 0; same && i < a->member_count; i++)
        same = same_member(&a->members[i], &b->members[i]);
    return same;
}

bool rp_schema_same(const struct rp_schema *a, const struct rp_schema *b) {
    bool same = a->map_count == b->map_count;
    for (size_t i = 0; same && i < a->map_count; i++)
        same = rp_map_schema_same(&a->maps[i], &b->maps[i]);
    return same;
}
