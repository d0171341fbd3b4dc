/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts of what a module sends and of what its iterators write: from its types or libbcc's
 * field strings, and from its schema. */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "compile/module.h"
#include "record/layout.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Of the names of attach points. */
#define PLACE_WIDTH_MAX 24

static struct rp_column *find_column(const struct rp_layout *layout,
                                     const struct rp_member_schema *member) {
    for (size_t i = 0; i < layout->columns.count; i++) {
        struct rp_column *column = &layout->columns.items[i];
        if (member->name ? strcmp(column->path, member->name) == 0
                         : column->bit_offset == (uint64_t)member->offset * 8)
            return column;
    }
    return NULL;
}

/* Sizes first: what has marks are the columns that are shown. */
static void hide_others(struct rp_layout *layout) {
    for (size_t i = 0; i < layout->columns.count; i++)
        if (layout->columns.items[i].type && layout->columns.items[i].type->tells)
            layout->columns.items[i].means = layout->columns.items[i].type->tells;
    for (size_t i = layout->columns.count; i-- > 0;)
        if (layout->columns.items[i].means == RP_MEMBER_SIZE)
            rp_layout_hide_size(layout, i);
    for (size_t i = layout->columns.count; i-- > 0;)
        if (layout->columns.items[i].means == RP_MEMBER_UNREAD)
            rp_layout_hide_marks(layout, i, layout->columns.count);
    for (size_t i = layout->columns.count; i-- > 0;)
        if (layout->columns.items[i].means == RP_MEMBER_ABSENT)
            rp_layout_hide_absent(layout, i);
}

struct rp_error *rp_layout_apply_schema(struct rp_layout *layout,
                                        const struct rp_map_schema *schema) {
    for (size_t i = 0; i < schema->member_count; i++) {
        const struct rp_member_schema *member = &schema->members[i];
        struct rp_column *column = find_column(layout, member);
        if (!column)
            continue;
        column->means = member->means;
        rp_column_take_meaning(column, member->means);
        if (column->type && !rp_type_set_look((struct rp_type *)column->type, member->unit))
            return rp_error_nomem();
        if (column->type && column->type->look && column->width < column->type->look->width)
            column->width = column->type->look->width;
        column->stacks = member->stacks ? strdup(member->stacks) : NULL;
        if (member->stacks && !column->stacks)
            return rp_error_nomem();
        if (member->header &&
            !rp_layout_set_header(layout, (size_t)(column - layout->columns.items), member->header))
            return rp_error_nomem();
    }
    hide_others(layout);
    return NULL;
}

/* Takes `layout`; NULL: no memory. */
static struct rp_error *append(struct rp_layout **list, struct rp_layout *layout) {
    while (*list)
        list = &(*list)->next;
    *list = layout;
    return layout ? NULL : rp_error_nomem();
}

/* NULL: there is none. */
static struct rp_error *apply_schema(struct rp_layout *list, const struct rp_map_schema *schema) {
    for (; schema && list; list = list->next)
        RP_TRY(rp_layout_apply_schema(list, schema));
    return NULL;
}

static struct rp_error *append_unknown(struct rp_layout **list, bool maybe_number) {
    struct rp_layout *layout;
    RP_TRY(rp_layout_new(NULL, "value", &layout));
    layout->maybe_number = maybe_number;
    return append(list, layout);
}

/* What a record of `type` and more is: the rest of a struct, or more such elements; NULL: bytes.
 * How many elements there are is not known if there may be padding. */
static struct rp_error *longer_type(const struct btf *btf, uint32_t type, bool padded,
                                    struct rp_type **out) {
    RP_AUTO_TYPE struct rp_type *longer = NULL;
    RP_TRY(rp_type_from_btf(btf, type, &longer));
    bool is_struct = longer->kind == RP_STRUCT;
    if (!longer->size || (!is_struct && padded && longer->size % 8))
        return NULL;
    struct rp_type *rest = is_struct ? rp_type_new(RP_BYTES, 0) : NULL;
    if (is_struct && !rp_type_add_member(longer, "rest", rest, longer->size * 8, 0))
        return rp_error_nomem();
    if (!is_struct)
        rest = longer = rp_type_array(rp_take(longer), 0);
    if (!rest)
        return rp_error_nomem();
    rest->to_the_end = true;
    *out = rp_take(longer);
    return NULL;
}

/* Of the only type of record: with what is behind it in longer ones. */
static struct rp_error *layouts_of_one(const struct btf *btf, uint32_t type, bool padded,
                                       struct rp_layout **list) {
    struct rp_type *longer = NULL;
    struct rp_layout *layout;
    RP_TRY(rp_layout_from_btf(btf, type, &layout));
    layout->is_alone = true;
    RP_TRY(append(list, layout));
    RP_TRY(longer_type(btf, type, padded, &longer));
    RP_TRY(rp_layout_new(longer, "value", &layout));
    return append(list, layout);
}

static struct rp_error *layouts_of_types(const struct btf *btf, const struct rp_object_types *sent,
                                         bool padded, struct rp_layout **list) {
    RP_AUTO_FREE struct rp_object_types types = {0};
    struct rp_layout *layout;
    size_t unknown = !sent->count;
    for (size_t i = 0; i < sent->count; i++)
        if (sent->items[i])
            RP_TRY(rp_layout_add(btf, sent->items[i], &types));
        else
            unknown++;
    if (types.count == 1 && !unknown)
        return layouts_of_one(btf, types.items[0], padded, list);
    for (size_t i = 0; i < types.count; i++) {
        RP_TRY(rp_layout_from_btf(btf, types.items[i], &layout));
        RP_TRY(append(list, layout));
    }
    return append_unknown(list, unknown > 0);
}

/* libbcc tells of one type alone, and several may have its members. Without their type in the BTF,
 * structs are as C lays them out, if they have that size. */
static struct rp_error *layouts_of_fields(const struct btf *btf, const struct rp_object_map *map,
                                          bool padded, struct rp_layout **list) {
    const char *const *fields = (const char *const *)map->fields;
    RP_AUTO_FREE struct rp_object_types types = {0};
    struct rp_layout *layout;
    bool is_sent = false;
    RP_TRY(rp_layout_find(btf, fields, map->field_count, &types));
    for (size_t i = 0; i < types.count && !is_sent; i++)
        RP_TRY(rp_layout_has(btf, &map->records, types.items[i], &is_sent));
    if (types.count)
        return layouts_of_types(btf, is_sent ? &map->records : &types, padded, list);
    RP_TRY(rp_layout_from_fields(fields, map->field_count, btf, &layout));
    RP_TRY(append(list, layout));
    return append_unknown(list, false);
}

static struct rp_error *open_layout(const struct rp_module *module, const struct rp_object_map *map,
                                    struct rp_layout **out) {
    RP_AUTO(rp_cleanup_layout) struct rp_layout *list = NULL;
    const struct btf *btf = rp_module_btf(module);
    bool padded = map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
    if (map->field_count)
        RP_TRY(layouts_of_fields(btf, map, padded, &list));
    else
        RP_TRY(layouts_of_types(btf, &map->records, padded, &list));
    for (struct rp_layout *layout = list; layout; layout = layout->next)
        layout->padded = padded;
    *out = rp_take(list);
    return NULL;
}

/* Whether its last member has as many elements as the record has space for. */
static bool ends_open(const struct rp_type *type) {
    size_t count = type->kind == RP_STRUCT ? type->members.count : 0;
    return type->to_the_end || (count && type->members.items[count - 1].type->to_the_end);
}

/* Perf buffers add bytes, so that the record and its size fill words of 8. */
static bool has_size(const struct rp_layout *layout, size_t size) {
    size_t own = layout->type->size;
    return own == size || (own < size && ends_open(layout->type)) ||
           (layout->padded && (own + 4 + 7) / 8 * 8 - 4 == size);
}

/* How many there are of that size, and one of these. */
static size_t find_fitting(const struct rp_layout *layout, size_t size,
                           const struct rp_layout **found) {
    size_t fitting = 0;
    for (; layout; layout = layout->next)
        if (layout->type && has_size(layout, size)) {
            *found = layout;
            fitting++;
        }
    return fitting;
}

char *rp_layout_doubt(struct rp_layout *layout, const char *output, size_t size) {
    const struct rp_layout *found;
    size_t fitting =
        layout->is_alone || layout->is_doubted ? 0 : find_fitting(layout, size, &found);
    if (fitting < 2)
        return NULL;
    layout->is_doubted = true;
    return rp_text("records of %s that have %zu bytes can be of %zu types, and nothing tells "
                   "which: they are shown without their members; an output of its own for each "
                   "type tells them apart",
                   output, size, fitting);
}

const struct rp_layout *rp_layout_of_record(const struct rp_layout *layout, size_t size) {
    const struct rp_layout *found = NULL, *last = layout;
    if (layout->is_alone && layout->next && size > layout->type->size && !has_size(layout, size))
        return layout->next;
    if (layout->is_alone || !layout->next)
        return layout;
    while (last->next)
        last = last->next;
    return find_fitting(layout, size, &found) == 1 ? found : last;
}

static unsigned widest_name(const char *names) {
    size_t widest = strlen("probe");
    while ((names = strchr(names, '='))) {
        size_t length = strcspn(++names, ",");
        widest = length > widest ? length : widest;
    }
    return widest < PLACE_WIDTH_MAX ? (unsigned)widest : PLACE_WIDTH_MAX;
}

struct rp_error *rp_layout_name_places(struct rp_layout *layout, const char *names) {
    for (; layout; layout = layout->next)
        for (size_t i = 0; i < layout->columns.count; i++) {
            struct rp_column *column = &layout->columns.items[i];
            if (column->means != RP_MEMBER_ATTACH_POINT || !column->type)
                continue;
            if (!rp_type_set_look((struct rp_type *)column->type, names))
                return rp_error_nomem();
            column->width = widest_name(names);
        }
    return NULL;
}

struct rp_error *rp_layout_of_output(const struct rp_module *module, const char *name,
                                     struct rp_layout **out) {
    const struct rp_object_map *map = rp_module_map(module, name);
    if (!map)
        return rp_module_map_missing(module, name);
    RP_AUTO(rp_cleanup_layout) struct rp_layout *list = NULL;
    RP_TRY(open_layout(module, map, &list));
    RP_TRY(apply_schema(list, rp_module_map_schema(module, name)));
    *out = rp_take(list);
    return NULL;
}

/* ------------------------------------------------------------------ what iterators write */

struct row {
    int type;         /* 0: none is known */
    uint32_t written; /* bytes; 0: that is known only while the program runs */
};

/* prelude/glue.h puts both into a struct. */
static struct row read_row(const struct btf *btf, const struct btf_type *t) {
    const struct btf_type *written =
        btf_vlen(t) > 1 ? btf__type_by_id(btf, btf_members(t)[1].type) : NULL;
    int type = btf__resolve_type(btf, btf_members(t)->type);
    int64_t size = btf__resolve_size(btf, (uint32_t)type);
    return (struct row){.type = type,
                        .written = written && btf_is_array(written) ? btf_array(written)->nelems
                                   : size > 0                       ? (uint32_t)size
                                                                    : 0};
}

/* *several is whether there are rows of other types or sizes, too. */
static struct row find_row(const struct btf *btf, bool *several) {
    struct row found = {0};
    *several = false;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (!btf_is_struct(t) || !btf_vlen(t) ||
            strcmp(btf__name_by_offset(btf, t->name_off), "rp_row") != 0)
            continue;
        struct row row = read_row(btf, t);
        *several |= found.type && (row.type != found.type || row.written != found.written);
        found = row;
    }
    return found;
}

static bool is_text(const struct btf *btf, int id) {
    const struct btf_type *t = btf__type_by_id(btf, (uint32_t)id);
    return btf_is_int(t) && t->size == 1;
}

static struct rp_error *cannot_read_rows(const char *why) {
    return rp_error_hint_set(rp_error_new(EINVAL, why, "cannot read the iterators' rows"),
                             "write one type of row in a file, or text with bpf_seq_printf()");
}

/* Several rows may be written at once. */
static struct rp_error *open_rows(const struct btf *btf, const struct row *row,
                                  struct rp_layout **list) {
    RP_TRY(layouts_of_one(btf, (uint32_t)row->type, false, list));
    uint64_t size = (*list)->type->size;
    (*list)->row_size = size && row->written % size == 0 ? (uint32_t)size : row->written;
    return NULL;
}

struct rp_error *rp_layout_of_rows(const struct rp_module *module, struct rp_layout **out) {
    *out = NULL;
    const struct btf *btf = rp_module_btf(module);
    RP_AUTO(rp_cleanup_layout) struct rp_layout *list = NULL;
    if (rp_module_calls(module, BPF_FUNC_seq_printf) ||
        rp_module_calls(module, BPF_FUNC_seq_printf_btf))
        return NULL;
    bool several;
    struct row row = find_row(btf, &several);
    if (row.type <= 0 || is_text(btf, row.type))
        return NULL;
    if (several)
        return cannot_read_rows(
            "they are of different types or sizes, and nothing tells them apart");
    if (!row.written)
        return cannot_read_rows("their size is known only while the program runs");
    RP_TRY(open_rows(btf, &row, &list));
    RP_TRY(apply_schema(list, rp_module_rows_schema(module)));
    *out = rp_take(list);
    return NULL;
}
