/* SPDX-License-Identifier: Apache-2.0 */
/* Values and records as JSON, which is valid for any bytes. */
#include <math.h>

#include "record/view.h"
#include "util/json.h"

static void write_array(struct rp_writer *w, const char *name, const struct rp_view *view) {
    size_t count = rp_view_count(view);
    rp_json_array(w, name);
    for (size_t i = 0; i < count; i++) {
        struct rp_view element = rp_view_element(view, i);
        rp_json_value(w, NULL, &element);
    }
    rp_json_array_end(w);
}

/* Members of an anonymous struct or union belong to the struct that contains it. */
static void write_members(struct rp_writer *w, const struct rp_view *view) {
    for (size_t i = 0; i < view->type->members.count; i++) {
        const struct rp_member *member = &view->type->members.items[i];
        struct rp_view value = rp_view_member(view, member);
        if (member->type->is_hidden || rp_view_absent(&value))
            continue;
        if (*member->name)
            rp_json_value(w, member->name, &value);
        else if (member->type->kind == RP_STRUCT)
            write_members(w, &value);
    }
}

static void write_struct(struct rp_writer *w, const char *name, const struct rp_view *view) {
    rp_json_object(w, name);
    write_members(w, view);
    rp_json_object_end(w);
}

/* As in a row. */
static void write_plain(struct rp_writer *w, const char *name, const struct rp_view *view) {
    rp_json_before(w, name);
    rp_write_value(w, view);
}

static void write_quoted(struct rp_writer *w, const char *name, const struct rp_view *view) {
    rp_json_before(w, name);
    rp_write_char(w, '"');
    rp_write_value(w, view);
    rp_write_char(w, '"');
}

/* A number, also where people see its name or unit. */
static void write_number(struct rp_writer *w, const char *name, const struct rp_view *view) {
    const struct rp_look *look = view->type->look;
    if (look && look->in_json && look->is_text) {
        write_quoted(w, name, view);
    } else if (look && look->in_json) {
        write_plain(w, name, view);
    } else {
        rp_json_before(w, name);
        rp_write_bare(w, view);
    }
}

static void write_enum(struct rp_writer *w, const char *name, const struct rp_view *view) {
    const char *meaning = rp_view_enum_name(view);
    if (meaning)
        rp_json_string(w, name, meaning);
    else if (rp_view_is_bits(view))
        write_quoted(w, name, view);
    else
        write_plain(w, name, view);
}

static void write_text(struct rp_writer *w, const char *name, const struct rp_view *view) {
    bool cut;
    size_t length = rp_view_text(view, &cut);
    rp_json_before(w, name);
    if (cut)
        rp_write_json_cut(w, view->data + rp_view_offset(view), length);
    else
        rp_write_json_escaped(w, view->data + rp_view_offset(view), length);
}

void rp_json_value(struct rp_writer *w, const char *name, const struct rp_view *view) {
    bool is_record = view->type->kind == RP_STRUCT && !view->bit_offset;
    if ((!rp_view_present(view) && !is_record) || rp_view_unread(view)) {
        rp_json_null(w, name);
        return;
    }
    switch (view->type->kind) {
    case RP_FLOAT:
        if (isfinite(rp_view_double(view)))
            write_plain(w, name, view);
        else
            rp_json_null(w, name);
        break;
    case RP_ENUM:
        write_enum(w, name, view);
        break;
    case RP_TEXT:
        write_text(w, name, view);
        break;
    case RP_POINTER:
    case RP_BYTES:
        write_quoted(w, name, view);
        break;
    case RP_ARRAY:
        (view->type->look ? write_quoted : write_array)(w, name, view);
        break;
    case RP_STRUCT:
        write_struct(w, name, view);
        break;
    case RP_UINT:
    case RP_INT:
    case RP_WIDE:
        write_number(w, name, view);
        break;
    case RP_BOOL: /* written the same way */
        write_plain(w, name, view);
        break;
    }
}

void rp_json_record(struct rp_writer *w, const char *name, const struct rp_layout *layout,
                    const void *data, size_t size) {
    struct rp_type unknown = rp_layout_unknown_type(layout, size);
    unknown.to_the_end = unknown.kind == RP_BYTES; /* "" if there is none */
    struct rp_view view = {layout->type ? layout->type : &unknown, data, size, 0, 0};
    if (view.type->kind == RP_STRUCT) {
        rp_json_value(w, name, &view);
        return;
    }
    rp_json_object(w, name);
    rp_json_value(w, layout->name, &view);
    rp_json_object_end(w);
}
