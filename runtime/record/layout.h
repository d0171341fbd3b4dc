/* SPDX-License-Identifier: Apache-2.0 */
/* How a record's bytes are laid out: a tree of types, and the columns it flattens into. */
#ifndef RP_RECORD_LAYOUT_H
#define RP_RECORD_LAYOUT_H

#include "compile/object.h"
#include "record/look.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/vec.h"

struct btf;

/* Types by which a struct's member says what it tells of those behind it (RP_MEMBER_UNREAD,
 * RP_MEMBER_SIZE), in any program: typedefs of u32. */
#define RP_TYPE_UNREAD "unread_bits"
#define RP_TYPE_SIZE   "text_size"

/* The largest size of a type in bytes: a larger one is treated as unknown. */
#define RP_TYPE_SIZE_MAX (1u << 30)

enum rp_kind {
    RP_UINT,
    RP_INT,
    RP_BOOL,
    RP_FLOAT,
    RP_WIDE, /* 16 bytes with a sign, in decimal; RP_WIDE_NONE: there is none */
    RP_POINTER,
    RP_ENUM,
    RP_TEXT,   /* `count` chars */
    RP_BYTES,  /* of unknown type, shown as hex */
    RP_ARRAY,  /* `count` times `element` */
    RP_STRUCT, /* or a union, as the members' offsets show */
};

struct rp_enum_value {
    char *name;
    uint64_t value; /* zero-extended from the enum's size, or sign-extended if it is signed */
};

struct rp_type {
    enum rp_kind kind;
    bool is_signed;  /* ENUM */
    bool no_sign;    /* ENUM: not known to be signed or not */
    bool is_char;    /* an array of these is text */
    bool to_the_end; /* TEXT, BYTES, ARRAY without a fixed length: up to the end of the record */
    uint32_t align;  /* bytes, at least 1 */
    uint32_t count;  /* TEXT, ARRAY */
    uint64_t size;   /* bytes */
    struct rp_type *element;             /* ARRAY */
    RP_VEC(struct rp_member) members;    /* STRUCT */
    RP_VEC(struct rp_enum_value) values; /* ENUM, ascending as signed numbers, each value once */
    /* Of a member, whose type is its own: */
    enum rp_member_meaning tells; /* of those behind it, by its type's name */
    bool is_hidden;               /* it tells about others, and is not shown */
    uint64_t
        mark; /* the bit of the record that is set where it could not be read, and 1; 0: none */
    uint64_t absent;            /* the same where it is not there at all */
    bool is_number;             /* BYTES: of more than 64 bits */
    unsigned decimals;          /* WIDE: so many of its digits are behind the point */
    bool is_open;               /* TEXT: more follows if it fills its array */
    const struct rp_look *look; /* of a number: how it is shown; NULL: as its type is */
    char *look_rest;            /* what its look has to know besides */
    uint64_t count_at; /* TEXT: the byte where a u32 has its length, and 1; 0: it ends at a NUL */
};

struct rp_member {
    char *name; /* "" when anonymous */
    struct rp_type *type;
    uint64_t bit_offset; /* from the struct's start */
    unsigned bit_size;   /* of a bit field, otherwise 0 */
};

struct rp_column {
    char *header;             /* its header: the path in capitals, or as set */
    char *path;               /* with dots, as in C, or as set */
    struct rp_member *member; /* the member it shows; NULL: the record is not a struct */
    const struct rp_type *type;
    uint64_t bit_offset; /* from the record's start */
    unsigned bit_size;
    unsigned width;
    enum rp_member_meaning means; /* in a record, as the output's schema says */
    char *stacks;                 /* of a stack: the map that has it */
};

struct rp_layout {
    struct rp_type *type; /* NULL: unknown */
    char *name;           /* of a record that is not a struct, as column and as JSON member */
    bool maybe_number;    /* unknown, but sent as it is: a number if it has the size of one */
    bool padded;          /* perf buffers pad records, so that size + 4 is a multiple of 8 */
    bool is_doubted;      /* rp_layout_doubt() has told */
    bool is_alone; /* nothing else is sent: shorter records are its beginning, longer ones the next
                    */
    uint32_t row_size; /* of a row of an iterator: the bytes that are written */
    RP_VEC(struct rp_column) columns;
    struct rp_layout *next; /* of records of another type in the same output; the last one is of all
                               that nothing tells apart. NULL: there is no other */
};

/* In C ("u32", "char [16]", "struct {u32 pid; char comm[16]}"), as far as its kind shows;
 * malloc()ed. */
char *rp_type_text(const struct rp_type *type);

/* A type of that kind and size, aligned to its size. NULL: out of memory. */
struct rp_type *rp_type_new(enum rp_kind kind, uint64_t size);
/* NULL is allowed. */
void rp_type_free(struct rp_type *type);
static inline void rp_cleanup_type(struct rp_type **type) {
    rp_type_free(*type);
}
#define RP_AUTO_TYPE RP_AUTO(rp_cleanup_type)

/* Takes `element`, also on failure (NULL: out of memory). An array of chars is text. */
struct rp_type *rp_type_array(struct rp_type *element, uint32_t count);
/* Appends a member to a struct; takes `type`, also on failure (false: out of memory). */
bool rp_type_add_member(struct rp_type *type, const char *name, struct rp_type *member,
                        uint64_t bit_offset, unsigned bit_size);
/* Adds a name to an enum; of several names with the same value the first one is used. */
bool rp_type_add_value(struct rp_type *type, const char *name, uint64_t value);
/* Whether both have the same members at the same bits. */
bool rp_type_same(const struct rp_type *a, const struct rp_type *b);

/* The type `id` of `btf`, with its exact offsets. A type that cannot be shown (a struct nested too
 * deep, a 128-bit integer) becomes bytes of the right size. */
struct rp_error *rp_type_from_btf(const struct btf *btf, uint32_t id, struct rp_type **out);
/* A type as clang writes it ("u8[4][4]", "struct foo *"), names looked up in `extra` (may be
 * NULL) and in the running kernel's BTF. *out is NULL if it is unknown. */
struct rp_error *rp_type_from_text(const char *text, const struct btf *extra, struct rp_type **out);

/* Takes `type` (NULL: unknown), also on failure. `name` is for a record that is not a struct. */
struct rp_error *rp_layout_new(struct rp_type *type, const char *name, struct rp_layout **out);

static inline void rp_cleanup_layout(struct rp_layout **layout) {
    rp_layout_free(*layout);
}

/* Names column `i`, and the member in JSON. A name that another column has is not taken. False: no
 * memory, or there is no column `i`. */
bool rp_layout_set_header(struct rp_layout *layout, size_t i, const char *header);

/* A record of type `type_id`. */
struct rp_error *rp_layout_from_btf(const struct btf *btf, uint32_t type_id,
                                    struct rp_layout **out);
/* A struct of libbcc's fields ("pid#u32", "comm#char [16]"), by C's natural alignment: bit fields
 * and packed structs look like plain ones. `extra` as above. */
struct rp_error *rp_layout_from_fields(const char *const *fields, size_t count,
                                       const struct btf *extra, struct rp_layout **out);
/* Whether one of the types has the layout of type `id`. */
struct rp_error *rp_layout_has(const struct btf *btf, const struct rp_object_types *types,
                               uint32_t id, bool *has);
/* Adds a type, unless one of them has the same layout. */
struct rp_error *rp_layout_add(const struct btf *btf, uint32_t id, struct rp_object_types *types);
/* Adds the structs in `btf` (may be NULL) that libbcc's fields describe:
 * one of each layout. */
struct rp_error *rp_layout_find(const struct btf *btf, const char *const *fields, size_t count,
                                struct rp_object_types *types);

/* Shows numbers of the type as `text` says (record/look.h), if that is a look; those that are sums
 * only if it is one of sums. False: no memory. */
bool rp_type_set_look(struct rp_type *type, const char *text);
/* What a schema says of the column's text. */
void rp_column_take_meaning(struct rp_column *column, enum rp_member_meaning means);
/* Column `i` has the marks (or what says what is absent, or the size) of those behind it, which end
 * before column `end`: it is not shown. */
void rp_layout_hide_marks(struct rp_layout *layout, size_t i, size_t end);
void rp_layout_hide_absent(struct rp_layout *layout, size_t i);
void rp_layout_hide_size(struct rp_layout *layout, size_t i);
/* Column `i` is not shown. */
void rp_layout_hide(struct rp_layout *layout, size_t i);
/* Sets what the columns are called, and what they mean. After an error the layout is the caller's
 * to free. */
struct rp_error *rp_layout_apply_schema(struct rp_layout *layout,
                                        const struct rp_map_schema *schema);

#endif
