/* SPDX-License-Identifier: Apache-2.0 */
#include "record/fit.h"

#include <ctype.h>

#include "util/cells.h"
#include "util/writer.h"

/* What is cut keeps so much. */
#define HEADER_LEAST 5
#define TEXT_LEAST   8

static size_t less(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t more(size_t a, size_t b) {
    return a > b ? a : b;
}

bool rp_fit_is_text(const struct rp_type *type) {
    return type->kind >= RP_ENUM;
}

static size_t least(const struct rp_fit *column) {
    size_t header = less(column->header, HEADER_LEAST);
    return more(column->is_text ? less(column->widest, TEXT_LEAST) : column->widest, header);
}

/* All that stands in it, and its header. */
static size_t enough(const struct rp_fit *column) {
    return more(column->widest, column->header);
}

static size_t most(const struct rp_fit *column) {
    return more(column->wanted, enough(column));
}

/* The narrowest that is narrower than `goal` says; NULL: none is. */
static struct rp_fit *neediest(struct rp_fit *columns, size_t count,
                               size_t (*goal)(const struct rp_fit *column)) {
    struct rp_fit *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (columns[i].width < goal(&columns[i]) && (!found || columns[i].width < found->width))
            found = &columns[i];
    return found;
}

static size_t grow(struct rp_fit *columns, size_t count, size_t room,
                   size_t (*goal)(const struct rp_fit *column)) {
    for (struct rp_fit *next; room && (next = neediest(columns, count, goal)); room--)
        next->width++;
    return room;
}

bool rp_fit(struct rp_fit *columns, size_t count, size_t room) {
    size_t used = count ? count - 1 : 0;
    for (size_t i = 0; i < count; i++) {
        columns[i].width = least(&columns[i]);
        used += columns[i].width;
    }
    if (used > room)
        return false;
    grow(columns, count, grow(columns, count, room - used, enough), most);
    return true;
}

/* How much of the text can stand in front of a mark; of a number nothing stays but all of it. */
static size_t cut(const char *text, size_t length, size_t cells) {
    size_t end = rp_cells_fit(text, length, cells), start = end;
    while (start && isxdigit((unsigned char)text[start - 1]))
        start--;
    bool in_list = *text == '[' || *text == '{';
    return in_list && isxdigit((unsigned char)text[end]) ? start : end;
}

static void write_cell(struct rp_writer *w, const char *text, size_t length, size_t width,
                       bool last) {
    size_t cells = rp_cells(text, length), shown = cells <= width ? length : 0;
    if (cells > width && width)
        shown = cut(text, length, width - 1);
    rp_write_bytes(w, text, shown);
    cells = shown < length ? rp_cells(text, shown) + 1 : cells;
    if (shown < length)
        rp_write_string(w, RP_MORE);
    while (!last && cells++ <= width)
        rp_write_char(w, ' ');
}

void rp_fit_write(struct rp_writer *w, const struct rp_fit *column, const char *text, size_t length,
                  bool last) {
    size_t width = column->is_text ? column->width : more(column->width, rp_cells(text, length));
    write_cell(w, text, length, width, last);
}

void rp_fit_write_header(struct rp_writer *w, const struct rp_fit *column, const char *text,
                         bool last) {
    write_cell(w, text, strlen(text), column->width, last);
}
