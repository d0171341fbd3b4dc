/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON (RFC 8259): always valid, whatever the bytes are. */
#include <math.h>

#include "record/view.h"
#include "record/writer.h"

static void write_array(struct rp_writer *w, const struct rp_view *view) {
    size_t count = rp_view_count(view);
    rp_write_char(w, '[');
    for (size_t i = 0; i < count; i++) {
        struct rp_view element = rp_view_element(view, i);
        if (i)
            rp_write_char(w, ',');
        rp_write_json(w, &element);
    }
    rp_write_char(w, ']');
}

/* Members of an anonymous struct or union belong to the one around it. Returns whether any
 * member was written so far. */
static bool write_members(struct rp_writer *w, const struct rp_view *view, bool any) {
    for (size_t i = 0; i < view->type->member_count; i++) {
        const struct rp_member *member = &view->type->members[i];
        struct rp_view value = rp_view_member(view, member);
        if (!*member->name) {
            if (member->type->kind == RP_STRUCT)
                any = write_members(w, &value, any);
            continue;
        }
        if (any)
            rp_write_char(w, ',');
        rp_write_json_text(w, member->name, SIZE_MAX);
        rp_write_char(w, ':');
        rp_write_json(w, &value);
        any = true;
    }
    return any;
}

static void write_enum(struct rp_writer *w, const struct rp_view *view) {
    const char *name = rp_view_enum_name(view);
    if (name)
        rp_write_json_text(w, name, SIZE_MAX);
    else
        rp_write_value(w, view);
}

static void write_quoted(struct rp_writer *w, const struct rp_view *view) {
    rp_write_char(w, '"');
    rp_write_value(w, view);
    rp_write_char(w, '"');
}

void rp_write_json(struct rp_writer *w, const struct rp_view *view) {
    bool is_record = view->type->kind == RP_STRUCT && !view->bit_offset;
    if (!rp_view_present(view) && !is_record) {
        rp_write_string(w, "null");
        return;
    }
    switch (view->type->kind) {
    case RP_FLOAT:
        if (isfinite(rp_view_double(view)))
            rp_write_value(w, view);
        else
            rp_write_string(w, "null");
        break;
    case RP_ENUM:
        write_enum(w, view);
        break;
    case RP_TEXT:
        rp_write_json_text(w, (const char *)view->data + rp_view_offset(view),
                           rp_view_length(view));
        break;
    case RP_POINTER:
    case RP_BYTES:
        write_quoted(w, view);
        break;
    case RP_ARRAY:
        write_array(w, view);
        break;
    case RP_STRUCT:
        rp_write_char(w, '{');
        write_members(w, view, false);
        rp_write_char(w, '}');
        break;
    case RP_UINT:
    case RP_INT:
    case RP_BOOL: /* written alike */
        rp_write_value(w, view);
        break;
    }
}
