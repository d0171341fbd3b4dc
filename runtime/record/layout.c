/* SPDX-License-Identifier: Apache-2.0 */
#include "record/layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "record/view.h"
#include "util/error.h"

/* Widths of columns, in characters. */
#define WIDTH_TEXT_MAX  16
#define WIDTH_NAME_MAX  16
#define WIDTH_ARRAY_MAX 24
#define WIDTH_HEX_MAX   32

struct rp_type *rp_type_new(enum rp_kind kind, uint64_t size) {
    struct rp_type *type = calloc(1, sizeof(*type));
    if (!type)
        return NULL;
    type->kind = kind;
    type->size = size;
    type->align = size == 2 || size == 4 || size == 8 || size == 16 ? (uint32_t)size : 1;
    return type;
}

void rp_type_free(struct rp_type *type) {
    if (!type)
        return;
    for (size_t i = 0; i < type->members.count; i++) {
        free(type->members.items[i].name);
        rp_type_free(type->members.items[i].type);
    }
    for (size_t i = 0; i < type->values.count; i++)
        free(type->values.items[i].name);
    rp_vec_clear(&type->members);
    rp_vec_clear(&type->values);
    rp_type_free(type->element);
    free(type);
}

struct rp_type *rp_type_array(struct rp_type *element, uint32_t count) {
    if (!element)
        return NULL;
    struct rp_type *array = rp_type_new(element->is_char ? RP_TEXT : RP_ARRAY, 0);
    if (!array) {
        rp_type_free(element);
        return NULL;
    }
    array->size = element->size * count;
    array->align = element->align;
    array->count = count;
    if (element->is_char)
        rp_type_free(element);
    else
        array->element = element;
    return array;
}

bool rp_type_add_member(struct rp_type *type, const char *name, struct rp_type *member,
                        uint64_t bit_offset, unsigned bit_size) {
    const struct rp_member added = {member ? strdup(name) : NULL, member, bit_offset, bit_size};
    if (added.name && rp_vec_push(&type->members, added))
        return true;
    free(added.name);
    rp_type_free(member);
    return false;
}

bool rp_type_add_value(struct rp_type *type, const char *name, uint64_t value) {
    size_t at = type->values.count; /* nearly always: most enums ascend */
    while (at && (int64_t)type->values.items[at - 1].value > (int64_t)value)
        at--;
    if (at && type->values.items[at - 1].value == value)
        return true;
    char *copy = rp_vec_reserve(&type->values, 1) ? strdup(name) : NULL;
    if (!copy)
        return false;
    struct rp_enum_value *values = type->values.items;
    memmove(values + at + 1, values + at, (type->values.count - at) * sizeof(*values));
    values[at] = (struct rp_enum_value){copy, value};
    type->values.count++;
    return true;
}

bool rp_type_same(const struct rp_type *a, const struct rp_type *b) {
    if (a->kind != b->kind || a->size != b->size || a->count != b->count ||
        a->members.count != b->members.count)
        return false;
    return !a->element || !b->element || rp_type_same(a->element, b->element);
}

static int compare_values(const void *a, const void *b) {
    int64_t left = (int64_t)((const struct rp_enum_value *)a)->value;
    int64_t right = (int64_t)((const struct rp_enum_value *)b)->value;
    return (left > right) - (left < right);
}

const char *rp_view_enum_name(const struct rp_view *view) {
    const struct rp_type *type = view->type;
    struct rp_enum_value key = {NULL,
                                type->is_signed ? (uint64_t)rp_view_int(view) : rp_view_uint(view)};
    const struct rp_enum_value *found =
        type->values.count
            ? bsearch(&key, type->values.items, type->values.count, sizeof(key), compare_values)
            : NULL;
    return found && *found->name ? found->name : NULL;
}

static unsigned smaller(uint64_t a, unsigned b) {
    return a < b ? (unsigned)a : b;
}

/* The width of a typical value: a larger one shifts the columns after it. */
static unsigned typical_width(const struct rp_type *type, unsigned bit_size) {
    uint64_t bytes = bit_size ? (bit_size + 7) / 8 : type->size;
    unsigned width = 0;
    switch (type->kind) {
    case RP_UINT:
        return bytes <= 1 ? 3 : bytes <= 2 ? 5 : bytes <= 4 ? 7 : 12;
    case RP_INT:
        return bytes <= 1 ? 4 : bytes <= 2 ? 6 : bytes <= 4 ? 7 : 12;
    case RP_BOOL:
        return 5;
    case RP_FLOAT:
        return 10;
    case RP_POINTER:
        return 18;
    case RP_ENUM:
        for (size_t i = 0; i < type->values.count; i++) {
            unsigned length = smaller(strlen(type->values.items[i].name), WIDTH_NAME_MAX);
            width = length > width ? length : width;
        }
        return width;
    case RP_TEXT:
        return smaller(type->count > 1 ? type->count - 1 : 1, WIDTH_TEXT_MAX);
    case RP_BYTES:
        return smaller(type->size * 2, WIDTH_HEX_MAX);
    case RP_ARRAY:
        return smaller((uint64_t)type->count * (typical_width(type->element, 0) + 1) + 1,
                       WIDTH_ARRAY_MAX);
    case RP_STRUCT:
        break;
    }
    return width;
}

/* "OUTER.INNER", malloc()ed; an anonymous struct adds nothing. */
static char *path_under(const char *outer, const char *name) {
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", outer, *outer && *name ? "." : "", name) < 0)
        return NULL;
    return path;
}

static char *in_capitals(const char *text) {
    char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static bool add_columns(struct rp_layout *layout, const struct rp_view *view, const char *path,
                        struct rp_member *of) {
    const struct rp_type *type = view->type;
    for (size_t i = 0; type && type->kind == RP_STRUCT && i < type->members.count; i++) {
        struct rp_member *member = &type->members.items[i];
        if (!*member->name && member->type->kind != RP_STRUCT)
            continue;
        RP_AUTO_FREE char *name = path_under(path, member->name);
        struct rp_view inner = rp_view_member(view, member);
        if (!name || !add_columns(layout, &inner, name, member))
            return false;
    }
    if (type && type->kind == RP_STRUCT)
        return true;
    RP_AUTO_FREE char *copy = strdup(path), *header = in_capitals(path);
    if (!copy || !header || !rp_vec_reserve(&layout->columns, 1))
        return false;
    unsigned width = type ? typical_width(type, view->bit_size) : WIDTH_HEX_MAX;
    if (width < strlen(header))
        width = (unsigned)strlen(header);
    layout->columns.items[layout->columns.count++] =
        (struct rp_column){.header = rp_take(header),
                           .path = rp_take(copy),
                           .member = of,
                           .type = type,
                           .bit_offset = view->bit_offset,
                           .bit_size = view->bit_size,
                           .width = width};
    return true;
}

/* An array without a length can have elements only at the very end. */
static void find_flexible(struct rp_type *type) {
    if (!type || type->kind != RP_STRUCT || !type->members.count)
        return;
    struct rp_member *last = &type->members.items[type->members.count - 1];
    if ((last->type->kind == RP_TEXT || last->type->kind == RP_ARRAY) && !last->type->count &&
        last->bit_offset / 8 + 8 > type->size)
        last->type->to_the_end = true;
}

struct rp_error *rp_layout_new(struct rp_type *type, const char *name, struct rp_layout **out) {
    struct rp_layout *layout = calloc(1, sizeof(*layout));
    if (!layout) {
        rp_type_free(type);
        return rp_error_nomem();
    }
    find_flexible(type);
    layout->type = type;
    layout->name = strdup(name);
    struct rp_view record = {.type = type};
    bool is_struct = type && type->kind == RP_STRUCT;
    if (!layout->name || !add_columns(layout, &record, is_struct ? "" : name, NULL)) {
        rp_layout_free(layout);
        return rp_error_nomem();
    }
    *out = layout;
    return NULL;
}

void rp_layout_free(struct rp_layout *layout) {
    if (!layout)
        return;
    for (size_t i = 0; i < layout->columns.count; i++) {
        free(layout->columns.items[i].header);
        free(layout->columns.items[i].path);
        free(layout->columns.items[i].stacks);
    }
    rp_vec_clear(&layout->columns);
    free(layout->name);
    rp_type_free(layout->type);
    free(layout);
}

bool rp_layout_set_header(struct rp_layout *layout, size_t i, const char *header) {
    struct rp_column *column = i < layout->columns.count ? &layout->columns.items[i] : NULL;
    for (size_t other = 0; other < layout->columns.count; other++)
        if (other != i && strcmp(layout->columns.items[other].path, header) == 0)
            return true;
    RP_AUTO_FREE char *copy = strdup(header), *path = strdup(header), *name = strdup(header);
    if (!column || !copy || !path || !name)
        return false;
    free(column->header);
    free(column->path);
    column->header = rp_take(copy);
    column->path = rp_take(path);
    if (column->width < strlen(header))
        column->width = (unsigned)strlen(header);
    char **named = column->member ? &column->member->name : &layout->name;
    free(*named);
    *named = rp_take(name);
    return true;
}
