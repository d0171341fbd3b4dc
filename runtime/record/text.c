/* SPDX-License-Identifier: Apache-2.0 */
/* Records as rows of a table: left-aligned columns, one space apart; the last one is not padded. */
#include "record/view.h"
#include "util/writer.h"

static void write_array(struct rp_writer *w, const struct rp_view *view) {
    size_t count = rp_view_count(view);
    rp_write_char(w, '[');
    for (size_t i = 0; i < count; i++) {
        struct rp_view element = rp_view_element(view, i);
        if (i)
            rp_write_char(w, ',');
        rp_write_value(w, &element);
    }
    rp_write_char(w, ']');
}

static void write_struct(struct rp_writer *w, const struct rp_view *view) {
    rp_write_char(w, '{');
    for (size_t i = 0; i < view->type->members.count; i++) {
        const struct rp_member *member = &view->type->members.items[i];
        struct rp_view value = rp_view_member(view, member);
        if (member->type->is_hidden)
            continue;
        if (i)
            rp_write_char(w, ',');
        if (*member->name) {
            rp_write_string(w, member->name);
            rp_write_char(w, '=');
        }
        rp_write_value(w, &value);
    }
    rp_write_char(w, '}');
}

static void write_enum(struct rp_writer *w, const struct rp_view *view) {
    const char *name = rp_view_enum_name(view);
    if (name)
        rp_write_string(w, name);
    else if (rp_view_is_bits(view))
        rp_write_pointer(w, rp_view_uint(view));
    else if (view->type->is_signed)
        rp_write_int(w, rp_view_int(view));
    else
        rp_write_uint(w, rp_view_uint(view));
}

/* A number of more than 64 bits as one writes it, from its largest digit on. */
static void write_bytes(struct rp_writer *w, const struct rp_view *view) {
    const uint8_t *at = view->data + rp_view_offset(view);
    size_t length = rp_view_length(view);
    if (!view->type->is_number || length < view->type->size) {
        rp_write_hex(w, at, length);
        return;
    }
    rp_write_string(w, "0x");
    while (length > 1 && !at[length - 1])
        length--;
    while (length--)
        rp_write_hex(w, &at[length], 1);
}

static void write_text(struct rp_writer *w, const struct rp_view *view) {
    bool cut;
    size_t length = rp_view_text(view, &cut);
    const uint8_t *at = view->data + rp_view_offset(view);
    if (cut)
        rp_write_cut(w, at, length);
    else
        rp_write_escaped(w, at, length);
}

void rp_write_bare(struct rp_writer *w, const struct rp_view *view) {
    if (view->type->kind == RP_WIDE)
        rp_write_wide(w, rp_view_wide(view), view->type->decimals);
    else if (view->type->kind == RP_INT)
        rp_write_int(w, rp_view_int(view));
    else
        rp_write_uint(w, rp_view_uint(view));
}

static void write_look(struct rp_writer *w, const struct rp_view *view) {
    const struct rp_type *type = view->type;
    struct rp_look_value value = {.bits =
                                      view->bit_size ? view->bit_size : (unsigned)type->size * 8,
                                  .decimals = type->decimals,
                                  .is_signed = type->kind != RP_UINT};
    if (type->kind == RP_ARRAY || type->kind == RP_BYTES) {
        size_t length = rp_view_length(view);
        memcpy(&value.number, view->data + rp_view_offset(view),
               length < sizeof(value.number) ? length : sizeof(value.number));
    } else {
        value.number = type->kind == RP_WIDE  ? rp_view_wide(view)
                       : type->kind == RP_INT ? (__int128)rp_view_int(view)
                                              : (__int128)rp_view_uint(view);
    }
    type->look->write(w, &value, type->look_rest);
}

void rp_write_value(struct rp_writer *w, const struct rp_view *view) {
    if (!rp_view_present(view) || rp_view_absent(view)) {
        rp_write_char(w, '-');
        return;
    }
    if (rp_view_unread(view)) {
        rp_write_string(w, "(unread)");
        return;
    }
    if (view->type->look) {
        write_look(w, view);
        return;
    }
    switch (view->type->kind) {
    case RP_UINT:
    case RP_INT:
    case RP_WIDE:
        rp_write_bare(w, view);
        break;
    case RP_BOOL:
        rp_write_string(w, rp_view_uint(view) ? "true" : "false");
        break;
    case RP_FLOAT:
        rp_write_double(w, rp_view_double(view), view->type->size == sizeof(float));
        break;
    case RP_POINTER:
        rp_write_pointer(w, rp_view_uint(view));
        break;
    case RP_ENUM:
        write_enum(w, view);
        break;
    case RP_TEXT:
        write_text(w, view);
        break;
    case RP_BYTES:
        write_bytes(w, view);
        break;
    case RP_ARRAY:
        write_array(w, view);
        break;
    case RP_STRUCT:
        write_struct(w, view);
        break;
    }
}

/* Ends the column that began at `start`. */
char *rp_value_text(const struct rp_view *view) {
    char *text = NULL;
    size_t size;
    struct rp_writer writer;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    rp_writer_begin(&writer, out);
    rp_write_value(&writer, view);
    rp_writer_flush(&writer);
    fclose(out);
    return text;
}

char *rp_layout_cell(const struct rp_layout *layout, size_t i, const void *data, size_t size) {
    if (i >= layout->columns.count || !layout->columns.items[i].type)
        return NULL;
    const struct rp_column *column = &layout->columns.items[i];
    const struct rp_view view = {column->type, data, size, column->bit_offset, column->bit_size};
    return rp_value_text(&view);
}

static void end_column(struct rp_writer *w, const struct rp_layout *layout, size_t i,
                       size_t start) {
    if (i + 1 == layout->columns.count)
        return;
    rp_write_padding(w, start, layout->columns.items[i].width);
}

size_t rp_print_text(const char *text, size_t max, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_write_text(&w, text, max);
    rp_writer_flush(&w);
    return rp_writer_columns(&w);
}

void rp_layout_print_header(const struct rp_layout *layout, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    for (size_t i = 0; i < layout->columns.count; i++) {
        size_t start = rp_writer_columns(&w);
        rp_write_string(&w, layout->columns.items[i].header);
        end_column(&w, layout, i, start);
    }
    rp_write_char(&w, '\n');
    rp_writer_flush(&w);
}

/* Of what perf has padded nobody knows how much was sent. */
struct rp_type rp_layout_unknown_type(const struct rp_layout *layout, size_t size) {
    bool number = layout->maybe_number && !layout->padded;
    if (number && (size == 1 || size == 2 || size == 4 || size == 8))
        return (struct rp_type){.kind = RP_UINT, .size = size};
    return (struct rp_type){.kind = RP_BYTES, .size = size};
}

void rp_layout_print_row(const struct rp_layout *layout, const void *data, size_t size, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    if (!layout->type) {
        struct rp_type unknown = rp_layout_unknown_type(layout, size);
        struct rp_view view = {&unknown, data, size, 0, 0};
        rp_write_value(&w, &view);
    }
    for (size_t i = 0; layout->type && i < layout->columns.count; i++) {
        const struct rp_column *column = &layout->columns.items[i];
        struct rp_view view = {column->type, data, size, column->bit_offset, column->bit_size};
        size_t start = rp_writer_columns(&w);
        rp_write_value(&w, &view);
        end_column(&w, layout, i, start);
    }
    rp_write_char(&w, '\n');
    rp_writer_flush(&w);
}
