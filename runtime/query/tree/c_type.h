/* SPDX-License-Identifier: Apache-2.0 */
/* The types of C expressions: those that BTF has, and those that C makes of them. */
#ifndef RP_QUERY_TREE_C_TYPE_H
#define RP_QUERY_TREE_C_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug/programs.h"
#include "kernel/btf.h"
#include "util/arena.h"

struct rp_error;

enum rp_c_kind {
    RP_C_VOID,
    RP_C_BOOL,
    RP_C_INT,
    RP_C_ENUM,
    RP_C_FLOAT,
    RP_C_POINTER,
    RP_C_ARRAY,
    RP_C_COMPOSITE, /* a struct or a union */
    RP_C_FUNCTION,
};

struct rp_c_type {
    enum rp_c_kind kind;
    uint64_t size;     /* in bytes; 0 where that is not known: void, an array of any length */
    uint64_t elements; /* of an array; 0: as many as there are */
    bool is_signed;    /* of numbers */
    bool is_char;      /* C's char; its signed and unsigned kind, but not by a typedef (u8) */
    bool is_plain_char;
    bool is_own;  /* it was declared, or is of a program that is looked at: no source has it */
    bool of_user; /* a pointer that BTF marks as one into the process (__user; not every compiler
                     says so) */
    uint8_t rank; /* of integers, as C ranks them: _Bool 1, char 2, short 3, int 4, long 5, … */
    /* Where it is spelled, typedefs and all; NULL: it is made of `name` or `to`. */
    const struct rp_btf *btf;
    uint32_t id;
    uint32_t plain;             /* the same behind typedefs and const */
    const char *name;           /* of C's own types; a function's parameters */
    const struct rp_c_type *to; /* what a pointer points to, an array is of, a function returns */
};

#define RP_C_PROGRAMS_MAX 16

/* Where types are looked up, and what keeps them. Zeroed but for `kernel`, which may be NULL where
 * the kernel tells of no types. */
struct rp_c_types {
    const struct rp_btf *kernel;
    struct rp_btf *own; /* types that were declared (declare.h): found first; or NULL */
    /* Then those of the programs that are looked at, and what their debug information has besides;
     * or NULL. */
    const struct rp_btf *programs[RP_C_PROGRAMS_MAX];
    unsigned program_count;
    const struct rp_debug *debug;
    struct rp_btf *modules; /* read when a name is in neither */
    bool modules_read;
    struct rp_arena arena;
};
void rp_c_types_clear(struct rp_c_types *types);
/* Looks up names in a program's types, too; more than RP_C_PROGRAMS_MAX are left out. */
void rp_c_types_add_program(struct rp_c_types *types, const struct rp_btf *btf);

/* What follows returns NULL without memory; types live as long as `types`. */
const struct rp_c_type *rp_c_type_of(struct rp_c_types *types, const struct rp_btf *btf,
                                     uint32_t id);
const struct rp_c_type *rp_c_pointer_to(struct rp_c_types *types, const struct rp_c_type *to);
const struct rp_c_type *rp_c_array_of(struct rp_c_types *types, const struct rp_c_type *of,
                                      uint64_t elements);
/* What a pointer points to, an array is of, or a function returns. */
const struct rp_c_type *rp_c_type_to(struct rp_c_types *types, const struct rp_c_type *type);

/* C's own types, by the words of their names in C's usual order: "int", "unsigned long", "void",
 * "bool"; the prelude's names for them ("u32", "size_t"). NULL: there is no such one. */
const struct rp_c_type *rp_c_type_basic(const char *name);
extern const struct rp_c_type rp_c_int, rp_c_unsigned, rp_c_long, rp_c_unsigned_long,
    rp_c_long_long, rp_c_unsigned_long_long, rp_c_char, rp_c_void, rp_c_bool;

/* The struct, union, enum or typedef (`kind`, as BTF has it; an enum of 64 bits is one, too) of
 * that name; what is only declared is one, too. NULL: there is none, or no memory. */
const struct rp_c_type *rp_c_type_find(struct rp_c_types *types, const char *name, unsigned kind);
/* The value of an enumerator and the enum that has it; false when there is none. */
bool rp_c_enumerator_find(struct rp_c_types *types, const char *name, int64_t *value,
                          const struct rp_c_type **type);
/* The enumerator of that value, or NULL. */
const char *rp_c_enumerator_of(const struct rp_c_type *type, int64_t value);

struct rp_c_member {
    const char *name;
    const struct rp_c_type *type;
    uint64_t bit_offset; /* in the struct that was asked, also when the member is one of a struct
                            without a name in it */
    unsigned bits;       /* of a bit field; else 0 */
    bool is_ambiguous;   /* several bases have one of that name */
};
/* False: there is no such member, it is ambiguous, or no memory. */
bool rp_c_member_find(struct rp_c_types *types, const struct rp_c_type *composite, const char *name,
                      size_t length, struct rp_c_member *out);
/* Calls `each` with the name of every member, those of structs without a name included. */
void rp_c_members_each(struct rp_c_types *types, const struct rp_c_type *composite,
                       void (*each)(void *ctx, const char *name), void *ctx);

/* Of C's kinds. */
static inline bool rp_c_is_integer(const struct rp_c_type *type) {
    return type->kind == RP_C_INT || type->kind == RP_C_BOOL || type->kind == RP_C_ENUM;
}
/* What has an address as its value. */
static inline bool rp_c_is_address(const struct rp_c_type *type) {
    return type->kind == RP_C_POINTER || type->kind == RP_C_ARRAY || type->kind == RP_C_FUNCTION;
}
/* A struct or union whose members are known. */
bool rp_c_is_complete(const struct rp_c_type *type);
/* Whether C can name the type: a struct without a tag and a typedef has no name. */
bool rp_c_is_nameable(struct rp_c_types *types, const struct rp_c_type *type);
/* Whether it is a struct that only the kernel has: one that points to other structs or functions.
 * Those that a process hands to the kernel (sockaddr, timespec, iovec) do not. */
bool rp_c_is_kernel_struct(struct rp_c_types *types, const struct rp_c_type *type);

/* C's integer promotion, and what two numbers have in common. */
const struct rp_c_type *rp_c_promoted(const struct rp_c_type *type, unsigned bits);
const struct rp_c_type *rp_c_common(const struct rp_c_type *a, const struct rp_c_type *b);

/* "struct file *", "char [16]", for people; malloc()ed, NULL without memory. */
char *rp_c_type_text(const struct rp_c_type *type);
/* The same as a program can have it: what has no name in it is void. */
char *rp_c_type_code(const struct rp_c_type *type);
/* "struct file *name", "char name[16]", as a program can have it. */
char *rp_c_type_declare(const struct rp_c_type *type, const char *name);

/* Reads a type's name ("struct file *", "const char *const *", "char [16]", "int (*)(void *)").
 * Errors say what is wrong with it, and what may have been meant. */
struct rp_error *rp_c_type_parse(struct rp_c_types *types, const char *text,
                                 const struct rp_c_type **out);
/* What is there everywhere has C's and the kernel's types, whatever a program calls by their names;
 * and looking for these in all of its debug information takes long. */
struct rp_error *rp_c_type_parse_builtin(struct rp_c_types *types, const char *text,
                                         const struct rp_c_type **out);

#endif
