/* SPDX-License-Identifier: Apache-2.0 */
/* What the maps of a program mean: made, copied, compared, and checked against the maps, so that
 * nothing is read as what it is not. */
#include "compile/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/object.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/text.h"
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

struct rp_schema *rp_schema_of(const struct rp_object *object) {
    RP_AUTO_SCHEMA struct rp_schema *schema = rp_schema_new();
    for (size_t i = 0; schema && i < object->map_count; i++)
        if (!rp_schema_add(schema, object->maps[i].name, RP_MEANS_OTHER))
            return NULL;
    return rp_take(schema);
}

struct rp_error *rp_schema_read(const struct rp_schema *given, struct rp_schema **out) {
    RP_AUTO_SCHEMA struct rp_schema *own = rp_schema_new();
    struct rp_schema whole;
    RP_TRY(rp_opts_read(&whole, sizeof(whole), given, "rp_schema"));
    const char *at = (const char *)whole.maps; /* the caller's may have another size */
    for (size_t i = 0; i < whole.map_count; i++) {
        struct rp_map_schema map;
        size_t size;
        memcpy(&size, at, sizeof(size));
        RP_TRY(rp_opts_read(&map, sizeof(map), at, "rp_map_schema"));
        struct rp_map_schema *to = own ? rp_schema_add(own, map.name, map.means) : NULL;
        if (!to || !rp_map_schema_copy(to, &map))
            return rp_error_nomem();
        at += size;
    }
    *out = rp_take(own);
    return *out ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ reading */

const struct rp_map_schema *rp_schema_map(const struct rp_schema *schema, const char *name) {
    for (size_t i = 0; schema && i < schema->map_count; i++)
        if (strcmp(schema->maps[i].name, name) == 0)
            return &schema->maps[i];
    return NULL;
}

bool rp_schema_says_all(const struct rp_schema *said, const struct rp_schema *of, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!rp_schema_map(said, of->maps[i].name))
            return false;
    return true;
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
                a->value_size == b->value_size && a->from_zero == b->from_zero &&
                a->figures == b->figures && same_text(a->name, b->name) &&
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

/* ------------------------------------------------------------------ whether it fits the maps */

struct fit {
    const struct rp_object *object;
    const struct rp_object_map *map;
    const struct rp_map_schema *schema;
    struct rp_part_type key, value;
};

static struct rp_error *misfit(const struct fit *f, const char *why, ...) RP_PRINTF(2, 3);
static struct rp_error *misfit(const struct fit *f, const char *why, ...) {
    va_list args;
    va_start(args, why);
    RP_AUTO_FREE char *text = rp_text_of(why, args);
    va_end(args);
    return rp_error_new(EINVAL, text, "the schema of the map %s does not fit it", f->map->name);
}

/* ------------------------------------------------------------------ members */

static struct rp_error *wrong_type(const struct fit *f, const struct rp_member_schema *member,
                                   const struct rp_part_type *type, const char *wanted) {
    RP_AUTO_FREE char *text = rp_part_text(type);
    const char *noun = member->of_value ? "value" : "key";
    const char *name = member->name ? member->name : "";
    return misfit(f, "%s%s%s%s its %s is %s, not %s", *name ? "`" : "", name, *name ? "`" : "",
                  *name ? " of" : "", noun, text ? text : "?", wanted);
}

static struct rp_error *check_stacks(const struct fit *f, const struct rp_member_schema *member) {
    ssize_t i = member->stacks ? rp_object_map(f->object, member->stacks) : -1;
    if (i >= 0 && rp_map_keeps_stacks(&f->object->maps[i]))
        return NULL;
    return misfit(f, "its stacks are said to be in %s, which is not a BPF_STACK_TRACE",
                  member->stacks ? member->stacks : "no map");
}

static bool is_word(const struct rp_part_type *type) {
    return rp_part_is_number(type) && (type->size == 4 || type->size == 8);
}

static struct rp_error *check_bucket(const struct fit *f, const struct rp_member_schema *member,
                                     const struct rp_part_type *type) {
    struct rp_part_type element;
    uint32_t count;
    if (!member->of_value)
        return rp_part_is_number(type) ? NULL : wrong_type(f, member, type, "a number");
    return rp_part_is_array(type, &element, &count) && rp_part_is_number(&element) &&
                   count <= RP_LOG2_SLOTS
               ? NULL
               : wrong_type(f, member, type, "an array of at most 65 numbers");
}

static struct rp_error *check_type(const struct fit *f, const struct rp_member_schema *member,
                                   const struct rp_part_type *type) {
    switch (member->means) {
    case RP_MEMBER_PLAIN:
        return NULL;
    case RP_MEMBER_COMM:
    case RP_MEMBER_OPEN_TEXT:
        return rp_part_is_text(type) ? NULL : wrong_type(f, member, type, "text");
    case RP_MEMBER_BUCKET:
        return check_bucket(f, member, type);
    case RP_MEMBER_ATTACH_POINT:
    case RP_MEMBER_UNREAD:
    case RP_MEMBER_SIZE:
    case RP_MEMBER_INTERVAL:
    case RP_MEMBER_ABSENT:
        return rp_part_is_number(type) ? NULL : wrong_type(f, member, type, "a number");
    default:
        return is_word(type) ? NULL : wrong_type(f, member, type, "a number of 4 or 8 bytes");
    }
}

static struct rp_error *fit_member(const struct fit *f, struct rp_member_schema *member) {
    const struct rp_part_type *whole = member->of_value ? &f->value : &f->key;
    struct rp_part_type type;
    bool found = member->name ? rp_part_find(whole, member->name, &type)
                              : rp_part_at(whole, member->offset, &type);
    if (!found)
        return misfit(f, "its %s has no member `%s`", member->of_value ? "value" : "key",
                      member->name ? member->name : "");
    member->offset = type.offset;
    member->size = type.size;
    RP_TRY(check_type(f, member, &type));
    return rp_member_is_stack(member) ? check_stacks(f, member) : NULL;
}

/* What an output sends is told by name only, and not of every one. */
static struct rp_error *fit_column(const struct fit *f, const struct rp_member_schema *member) {
    size_t length = member->name ? strcspn(member->name, ".") : 0;
    bool found = !f->map->field_count || !length;
    for (size_t i = 0; i < f->map->field_count && !found; i++)
        found = strncmp(f->map->fields[i], member->name, length) == 0 &&
                f->map->fields[i][length] == '#';
    if (!found)
        return misfit(f, "its records have no member `%s`", member->name);
    return rp_member_is_stack(member) ? check_stacks(f, member) : NULL;
}

/* ------------------------------------------------------------------ the whole */

static struct rp_error *check_histogram(const struct fit *f) {
    if (rp_map_schema_member(f->schema, true, RP_MEMBER_BUCKET))
        return rp_map_type_is_per_cpu(f->map->type) ? misfit(f, "its values are one for each CPU")
                                                    : NULL;
    if (!rp_part_is_number(&f->value))
        return misfit(f, "its values are not numbers");
    if (!rp_map_schema_member(f->schema, false, RP_MEMBER_BUCKET) && !rp_part_is_number(&f->key))
        return misfit(f, "its key is not a number, and none of its members is a bucket");
    if (f->schema->step < 0 || (f->schema->step && f->schema->low >= f->schema->high))
        return misfit(f, "its buckets have no order");
    return NULL;
}

static struct rp_error *check_stack_counts(const struct fit *f) {
    const struct rp_map_schema *schema = f->schema;
    bool user = rp_map_schema_member(schema, false, RP_MEMBER_USER_STACK);
    if (!is_word(&f->value))
        return misfit(f, "its values are not numbers of 4 or 8 bytes");
    if (!user && !rp_map_schema_member(schema, false, RP_MEMBER_KERNEL_STACK))
        return misfit(f, "no member of its key is a stack");
    if (user && !rp_map_schema_member(schema, false, RP_MEMBER_PID))
        return misfit(f, "its key does not say whose stacks they are");
    return NULL;
}

static struct rp_error *check_meaning(const struct fit *f) {
    const struct rp_object_map *map = f->map;
    bool array = rp_map_type_is_array(map->type), one = array && map->max_entries == 1;
    bool two = array && map->max_entries == 2;
    switch (f->schema->means) {
    case RP_MEANS_COUNTER:
        return one && rp_part_is_number(&f->value) ? NULL : misfit(f, "it is not one number");
    case RP_MEANS_LOSS:
        return (one || two) && !rp_map_type_is_per_cpu(map->type) &&
                       map->value_size == sizeof(uint64_t) && rp_part_is_number(&f->value)
                   ? NULL
                   : misfit(f, "it is not one number of 8 bytes, or two");
    case RP_MEANS_LOG2:
    case RP_MEANS_LINEAR:
        return check_histogram(f);
    case RP_MEANS_STACKS:
        return check_stack_counts(f);
    case RP_MEANS_STATS:
        return rp_map_type_is_per_cpu(map->type) && rp_part_is_stats(&f->value, NULL)
                   ? NULL
                   : misfit(
                         f,
                         "its values are not a struct rp_stats_s64 or rp_stats_u64 for each CPU");
    default:
        return NULL;
    }
}

static struct rp_error *check_kind(const struct fit *f) {
    enum rp_meaning means = f->schema->means;
    bool output = means == RP_MEANS_ROWS || means == RP_MEANS_PROCESSES;
    if (means == RP_MEANS_OTHER || (output && rp_map_type_is_output(f->map->type)) ||
        (!output && rp_map_type_is_data(f->map->type)))
        return NULL;
    return misfit(f, output ? "it does not carry events" : "it does not hold data");
}

static struct rp_error *check_sizes(const struct fit *f) {
    const struct rp_map_schema *schema = f->schema;
    if (schema->key_size && schema->key_size != f->map->key_size)
        return misfit(f, "its keys have %u bytes, not %u", f->map->key_size, schema->key_size);
    if (schema->value_size && schema->value_size != f->map->value_size)
        return misfit(f, "its values have %u bytes, not %u", f->map->value_size,
                      schema->value_size);
    return NULL;
}

static struct rp_error *fit(const struct rp_object *object, const struct rp_object_map *map,
                            const struct btf *btf, struct rp_map_schema *schema) {
    const struct fit f = {.object = object,
                          .map = map,
                          .schema = schema,
                          .key = rp_map_key_type(map, btf),
                          .value = rp_map_value_type(map, btf)};
    RP_TRY(check_kind(&f));
    RP_TRY(check_sizes(&f));
    for (size_t m = 0; m < schema->member_count; m++) {
        struct rp_member_schema *member = (struct rp_member_schema *)&schema->members[m];
        RP_TRY(rp_map_type_is_output(map->type) ? fit_column(&f, member) : fit_member(&f, member));
    }
    return check_meaning(&f);
}

/* Iterators' rows are in no map: they stand behind all maps. */
static struct rp_error *apply_rows(const struct rp_object *object,
                                   const struct rp_map_schema *given, struct rp_schema *next) {
    struct rp_map_schema *rows = next->map_count > object->map_count
                                     ? (struct rp_map_schema *)&next->maps[object->map_count]
                                     : rp_schema_add(next, given->name, RP_MEANS_ITERATED);
    return rows && rp_map_schema_copy(rows, given) ? NULL : rp_error_nomem();
}

/* Puts what the host program says of a map in its place. */
static struct rp_error *apply_map(const struct rp_object *object, const struct btf *btf,
                                  const struct rp_map_schema *given, struct rp_schema *next) {
    if (given->means == RP_MEANS_ITERATED)
        return apply_rows(object, given, next);
    ssize_t i = rp_object_map(object, given->name);
    if (i < 0 || (size_t)i >= next->map_count)
        return rp_error_new(ENOENT, "the source declares no map of that name",
                            "cannot use the schema of the map %s", given->name);
    struct rp_map_schema *schema = (struct rp_map_schema *)&next->maps[i];
    if (!rp_map_schema_copy(schema, given))
        return rp_error_nomem();
    return fit(object, &object->maps[i], btf, schema);
}

struct rp_error *rp_schema_apply(const struct rp_object *object, const struct btf *btf,
                                 const struct rp_schema *said, struct rp_schema **schema) {
    RP_AUTO_SCHEMA struct rp_schema *next = rp_schema_copy(*schema);
    if (!next)
        return rp_error_nomem();
    for (size_t i = 0; i < said->map_count; i++)
        RP_TRY(apply_map(object, btf, &said->maps[i], next));
    rp_schema_free(*schema);
    *schema = rp_take(next);
    return NULL;
}

/* What no C tells: where it was, and what its column is called. */
static bool is_only_said(const struct rp_member_schema *member) {
    return member->means == RP_MEMBER_ATTACH_POINT || member->means == RP_MEMBER_UNREAD ||
           member->means == RP_MEMBER_SIZE || member->means == RP_MEMBER_OPEN_TEXT ||
           member->means == RP_MEMBER_INTERVAL || member->means == RP_MEMBER_ABSENT ||
           (member->means == RP_MEMBER_PLAIN && member->header);
}

bool rp_map_schema_keep(struct rp_map_schema *now, const struct rp_map_schema *before) {
    if (before->means == RP_MEANS_LOSS || before->means == RP_MEANS_SCRATCH ||
        before->means == RP_MEANS_TAKEN || before->means == RP_MEANS_INTERVAL)
        now->means = before->means;
    now->figures = before->figures;
    bool ok = rp_map_schema_set(&now->loss, before->loss);
    for (size_t i = 0; ok && i < before->member_count; i++) {
        struct rp_member_schema member = before->members[i];
        member.unit = NULL;
        ok = !is_only_said(&member) || rp_map_schema_add(now, &member);
    }
    return ok;
}
