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

static struct rp_error *layout_of_fields(const struct rp_module *module, const char *const *fields,
                                         size_t count, struct rp_layout **out) {
    const struct btf *btf = rp_module_btf(module);
    uint32_t type_id = 0;
    RP_TRY(rp_layout_find(btf, fields, count, &type_id));
    if (type_id)
        return rp_layout_from_btf(btf, type_id, out);
    return rp_layout_from_fields(fields, count, btf, out);
}

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

/* One after another, and behind several the one of what nothing tells apart. */
static struct rp_error *layouts_of_types(const struct btf *btf, const struct rp_object_types *types,
                                         struct rp_layout **out) {
    RP_AUTO(rp_cleanup_layout) struct rp_layout *list = NULL;
    struct rp_layout *layout = NULL;
    for (size_t i = 0; i < types->count; i++) {
        if (!types->items[i])
            continue;
        RP_TRY(rp_layout_from_btf(btf, types->items[i], &layout));
        RP_TRY(append(&list, layout));
    }
    if (types->count != 1 || !list) {
        RP_TRY(rp_layout_new(NULL, "value", &layout));
        layout->maybe_number = true;
        RP_TRY(append(&list, layout));
    }
    *out = rp_take(list);
    return NULL;
}

static struct rp_error *open_layout(const struct rp_module *module, const struct rp_object_map *map,
                                    struct rp_layout **out) {
    if (map->field_count)
        RP_TRY(layout_of_fields(module, (const char *const *)map->fields, map->field_count, out));
    else
        RP_TRY(layouts_of_types(rp_module_btf(module), &map->records, out));
    for (struct rp_layout *layout = *out; layout; layout = layout->next)
        layout->padded = map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
    return NULL;
}

/* Perf buffers add bytes, so that the record and its size fill words of 8. */
static bool has_size(const struct rp_layout *layout, size_t size) {
    size_t own = layout->type ? layout->type->size : 0;
    return layout->type && (own == size || (layout->padded && (own + 4 + 7) / 8 * 8 - 4 == size));
}

const struct rp_layout *rp_layout_of_record(const struct rp_layout *layout, size_t size) {
    const struct rp_layout *found = NULL, *last = layout;
    size_t fitting = 0;
    if (!layout->next)
        return layout;
    for (const struct rp_layout *one = layout; one; one = one->next) {
        last = one;
        if (has_size(one, size)) {
            found = one;
            fitting++;
        }
    }
    return fitting == 1 ? found : last;
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
    RP_TRY(open_layout(module, map, out));
    struct rp_error *err = NULL;
    for (struct rp_layout *layout = *out; !err && layout; layout = layout->next)
        err = rp_layout_apply_schema(layout, rp_module_map_schema(module, name));
    if (err)
        rp_layout_free(rp_take(*out));
    return err;
}

/* ------------------------------------------------------------------ what iterators write */

/* The type of the rows, which prelude/glue.h puts into a struct; 0: none is known. *several is
 * whether there are rows of other types, too. */
static int find_type(const struct btf *btf, bool *several) {
    int found = 0;
    *several = false;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (!btf_is_struct(t) || btf_vlen(t) != 1 ||
            strcmp(btf__name_by_offset(btf, t->name_off), "rp_row") != 0)
            continue;
        int type = btf__resolve_type(btf, btf_members(t)->type);
        *several |= found && type != found;
        found = type;
    }
    return found;
}

static bool is_text(const struct btf *btf, int id) {
    const struct btf_type *t = btf__type_by_id(btf, (uint32_t)id);
    return btf_is_int(t) && t->size == 1;
}

struct rp_error *rp_layout_of_rows(const struct rp_module *module, struct rp_layout **out) {
    *out = NULL;
    const struct btf *btf = rp_module_btf(module);
    bool several, text = rp_module_calls(module, BPF_FUNC_seq_printf) ||
                         rp_module_calls(module, BPF_FUNC_seq_printf_btf);
    int id = text ? 0 : find_type(btf, &several);
    if (id <= 0 || is_text(btf, id))
        return NULL;
    if (several)
        return rp_error_hint_set(
            rp_error_new(EINVAL,
                         "they are structs of different types, and nothing tells them apart",
                         "cannot read the iterators' rows"),
            "write one type of row in a file, or text with bpf_seq_printf()");
    RP_TRY(rp_layout_from_btf(btf, (uint32_t)id, out));
    const struct rp_map_schema *schema = rp_module_rows_schema(module);
    struct rp_error *err = schema ? rp_layout_apply_schema(*out, schema) : NULL;
    if (err)
        rp_layout_free(rp_take(*out));
    return err;
}
