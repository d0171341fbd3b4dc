/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as JSON: one object an entry. */
#include "record/map_table.h"

void rp_map_write_json_name(struct rp_writer *w, const struct rp_map_table *t,
                            const struct rp_map_format *format) {
    rp_json_string(w, "map", format->title ? format->title : t->name);
}

/* `json_name` is "key" for a key that is not a struct, otherwise the member's name. */
static void write_named(struct rp_writer *w, const char *json_name,
                        const struct rp_map_format *format, const char *member,
                        const struct rp_view *value) {
    char name[RP_MAP_NAME_MAX];
    if (rp_map_names_key(format, member, value, name))
        rp_json_text(w, json_name, name, sizeof(name));
    else
        rp_json_value(w, json_name, value);
}

/* Whether the format has anything to say of a key of this type, one member after another. */
static bool is_plain_struct(const struct rp_type *type) {
    for (size_t i = 0; i < type->member_count; i++)
        if (!*type->members[i].name)
            return false;
    return type->kind == RP_STRUCT;
}

void rp_map_write_json_key(struct rp_writer *w, const struct rp_map_table *t,
                           const struct rp_map_format *format, size_t members, const uint8_t *row) {
    struct rp_view key = rp_map_key(t, row);
    if (t->key->kind != RP_STRUCT) {
        write_named(w, "key", format, "", &key);
        return;
    }
    if (!is_plain_struct(t->key)) {
        rp_json_value(w, "key", &key);
        return;
    }
    rp_json_object(w, "key");
    for (size_t i = 0; i < members; i++) {
        const struct rp_member *member = &t->key->members[i];
        struct rp_view value = rp_view_member(&key, member);
        write_named(w, member->name, format, member->name, &value);
    }
    rp_json_object_end(w);
}

void rp_map_write_json(const struct rp_map_table *t, const struct rp_map_format *format,
                       FILE *out) {
    struct rp_writer w;
    for (size_t i = 0; i < t->row_count; i++) {
        const uint8_t *row = rp_map_row(t, i);
        struct rp_view value = rp_map_value(t, row);
        rp_json_begin(&w, out);
        rp_map_write_json_name(&w, t, format);
        rp_map_write_json_key(&w, t, format, t->key->member_count, row);
        rp_json_value(&w, "value", &value);
        rp_json_end(&w);
    }
}
