/* SPDX-License-Identifier: Apache-2.0 */
/* One value inside a record: where it is, how to read it, and how much of it exists. */
#ifndef RP_RECORD_VIEW_H
#define RP_RECORD_VIEW_H

#include <string.h>

#include "record/layout.h"

struct rp_view {
    const struct rp_type *type;
    const uint8_t *data; /* the whole record */
    size_t size;
    uint64_t bit_offset;
    unsigned bit_size; /* of a bit field, else 0 */
};

static inline uint64_t rp_view_offset(const struct rp_view *view) {
    return view->bit_offset / 8;
}

/* Whether it says that it could not be read. */
static inline bool rp_view_unread(const struct rp_view *view) {
    uint64_t bit = view->type->mark - 1;
    return view->type->mark && bit / 8 < view->size && view->data[bit / 8] >> bit % 8 & 1;
}

/* Whether such a record does not have it. */
static inline bool rp_view_absent(const struct rp_view *view) {
    uint64_t bit = view->type->absent - 1;
    return view->type->absent && bit / 8 < view->size && view->data[bit / 8] >> bit % 8 & 1;
}

/* Of a wide number that does not exist: the average of nothing. */
#define RP_WIDE_NONE ((__int128)1 << 126)

static inline __int128 rp_view_wide(const struct rp_view *view) {
    __int128 value;
    memcpy(&value, view->data + rp_view_offset(view), sizeof(value));
    return value;
}

/* Whether there is enough to show: all of a number, some of anything longer. A record may be
 * shorter than its layout. */
static inline bool rp_view_present(const struct rp_view *view) {
    uint64_t bits = view->bit_size ? view->bit_size : view->type->size * 8;
    if (view->type->to_the_end)
        return rp_view_offset(view) <= view->size;
    if (view->type->kind >= RP_TEXT)
        return rp_view_offset(view) < view->size;
    if (view->type->kind == RP_WIDE)
        return view->bit_offset + bits <= (uint64_t)view->size * 8 &&
               rp_view_wide(view) != RP_WIDE_NONE;
    return view->bit_offset + bits <= (uint64_t)view->size * 8;
}

/* Its bytes that exist. */
static inline size_t rp_view_length(const struct rp_view *view) {
    size_t rest = view->size - rp_view_offset(view);
    uint32_t count;
    if (view->type->count_at && view->type->count_at - 1 + sizeof(count) <= view->size) {
        memcpy(&count, view->data + view->type->count_at - 1, sizeof(count));
        rest = count < rest ? count : rest;
    }
    return view->type->to_the_end || view->type->size > rest ? rest : view->type->size;
}

/* How many bytes of text there are to show; *cut: more followed, which is not there. The last byte
 * of a text that fills its array only says that. */
static inline size_t rp_view_text(const struct rp_view *view, bool *cut) {
    const uint8_t *at = view->data + rp_view_offset(view);
    size_t length = rp_view_length(view), most = view->type->size;
    uint32_t count = 0;
    if (view->type->count_at) {
        if (view->type->count_at - 1 + sizeof(count) <= view->size)
            memcpy(&count, view->data + view->type->count_at - 1, sizeof(count));
        *cut = count > most;
        return length;
    }
    length = strnlen((const char *)at, length);
    *cut = view->type->is_open && most > 1 && length + 1 >= most;
    if (!*cut)
        return length;
    length = most - 2;
    while (length && (at[length] & 0xc0) == 0x80) /* no part of a character */
        length--;
    return length;
}

/* A number of up to 64 bits, zero-extended. Bit fields count from the low end of a byte on
 * little-endian machines, and from the high end on the others. */
static inline uint64_t rp_view_bits(const struct rp_view *view) {
    const uint8_t *at = view->data + rp_view_offset(view);
    unsigned bits = view->bit_size ? view->bit_size : (unsigned)view->type->size * 8;
    unsigned shift = view->bit_offset % 8, bytes = (shift + bits + 7) / 8;
    unsigned __int128 wide = 0;
    for (unsigned i = 0; i < bytes; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        wide |= (unsigned __int128)at[i] << (8 * i);
#else
        wide = wide << 8 | at[i];
#endif
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    wide >>= shift;
#else
    wide >>= 8 * bytes - shift - bits;
#endif
    return bits < 64 ? (uint64_t)wide & ((1ULL << bits) - 1) : (uint64_t)wide;
}

/* The same for a byte-aligned number, with one load. */
static inline uint64_t rp_view_uint(const struct rp_view *view) {
    const uint8_t *at = view->data + rp_view_offset(view);
    if (view->bit_size || view->bit_offset % 8)
        return rp_view_bits(view);
    switch (view->type->size) {
    case 1:
        return *at;
    case 2: {
        uint16_t value;
        memcpy(&value, at, sizeof(value));
        return value;
    }
    case 4: {
        uint32_t value;
        memcpy(&value, at, sizeof(value));
        return value;
    }
    case 8: {
        uint64_t value;
        memcpy(&value, at, sizeof(value));
        return value;
    }
    default:
        return rp_view_bits(view);
    }
}

static inline int64_t rp_view_int(const struct rp_view *view) {
    unsigned bits = view->bit_size ? view->bit_size : (unsigned)view->type->size * 8;
    unsigned unused = bits < 64 ? 64 - bits : 0;
    return (int64_t)(rp_view_uint(view) << unused) >> unused;
}

static inline double rp_view_double(const struct rp_view *view) {
    const uint8_t *at = view->data + rp_view_offset(view);
    if (view->type->size == sizeof(float)) {
        float value;
        memcpy(&value, at, sizeof(value));
        return value;
    }
    double value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* Whether it is one number if the type is signed, and another one if not: its bits are shown. */
static inline bool rp_view_is_bits(const struct rp_view *view) {
    return view->type->no_sign && rp_view_int(view) < 0;
}

struct rp_writer;
/* A number as it is, whatever its look. */
void rp_write_bare(struct rp_writer *w, const struct rp_view *view);
/* The same as a program reads it, in CSV: a number, unless its look says what it cannot. */
static inline void rp_write_for_program(struct rp_writer *w, const struct rp_view *view);
/* A value as in a row; "-" if the record ends before it, "(unread)" if it could not be read. */
void rp_write_value(struct rp_writer *w, const struct rp_view *view);
static inline void rp_write_for_program(struct rp_writer *w, const struct rp_view *view) {
    if (view->type->look && !view->type->look->in_json && rp_view_present(view) &&
        !rp_view_unread(view))
        rp_write_bare(w, view);
    else
        rp_write_value(w, view);
}
/* The same, malloc()ed; NULL: no memory. */
char *rp_value_text(const struct rp_view *view);
/* The same in JSON; null if there is none. */
void rp_json_value(struct rp_writer *w, const char *name, const struct rp_view *view);

/* The type of a record of `size` bytes with an unknown layout: a number, or bytes. */
struct rp_type rp_layout_unknown_type(const struct rp_layout *layout, size_t size);

/* The name of an enum's value, or NULL. */
const char *rp_view_enum_name(const struct rp_view *view);

static inline struct rp_view rp_view_member(const struct rp_view *view,
                                            const struct rp_member *member) {
    return (struct rp_view){member->type, view->data, view->size,
                            view->bit_offset + member->bit_offset, member->bit_size};
}

static inline struct rp_view rp_view_element(const struct rp_view *view, size_t i) {
    const struct rp_type *element = view->type->element;
    return (struct rp_view){element, view->data, view->size,
                            view->bit_offset + i * element->size * 8, 0};
}

/* How many elements of an array are there. */
static inline size_t rp_view_count(const struct rp_view *view) {
    const struct rp_type *element = view->type->element;
    if (!element->size)
        return 0;
    size_t length = rp_view_length(view), count = length / element->size;
    /* Of a struct or text that is cut short, the beginning is worth showing. */
    bool rest = length % element->size && element->kind >= RP_TEXT && !view->type->to_the_end;
    return count + rest;
}

#endif
