/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program's debug information (DWARF) says of its functions and types. Types become BTF, so
 * that what reads the kernel's types reads a program's, too.
 *
 * What is returned is kept until rp_debug_release(): a question's types may be asked again and
 * again. A file that changed meanwhile is another one.
 */
#ifndef RP_DEBUG_PROGRAMS_H
#define RP_DEBUG_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/btf.h"
#include "reprobe.h"

/* Where a value is, or a part of it. */
enum rp_location_kind {
    RP_LOCATION_GONE,     /* nowhere: the compiler has optimized it away */
    RP_LOCATION_UNKNOWN,  /* it cannot be said */
    RP_LOCATION_REGISTER, /* it is what a register holds */
    RP_LOCATION_VALUE,    /* it is a register plus `offset` */
    RP_LOCATION_CONSTANT, /* it is `offset` */
    RP_LOCATION_MEMORY,   /* it is in the process's memory, at a register plus `offset` */
    RP_LOCATION_STATIC,   /* at the program's address `offset` */
    RP_LOCATION_FLOAT,    /* in a register of floating point, which BPF cannot read */
};

#define RP_LOCATION_PARTS 4

struct rp_location_part {
    enum rp_location_kind kind;
    unsigned reg; /* its number in DWARF */
    int64_t offset;
    unsigned bytes; /* of a value in several parts; 0: all of it */
};

/* One part, or several in the order of memory. */
struct rp_location {
    struct rp_location_part parts[RP_LOCATION_PARTS];
    unsigned count;
    bool is_single; /* it is meant for the whole function: at the entry it may not be true yet */
};

struct rp_debug_variable {
    const char *name; /* an identifier of C; of a parameter without a name "arg0", … */
    uint32_t type;    /* of a reference the pointer that it is */
    bool is_reference;
    bool is_by_address; /* a class that is passed as the address of where it is */
    bool is_class;      /* whether it is, or what its words are, nothing says */
    bool by_convention; /* the language's calling convention holds for it */
    struct rp_location place;
};

struct rp_debug_function {
    const char *name; /* as its author wrote it */
    const struct rp_btf *btf;
    struct rp_debug_variable *parameters; /* in their order */
    size_t count;
    struct rp_debug_variable result; /* its type 0: void */
    const char *file;                /* where it is declared; or NULL, and 0 */
    unsigned line;
    bool may_be_void; /* whatever `result` is, the compiler may have left it out */
    bool is_inlined;  /* in another one, and its parameters are wherever that one has them */
};

struct rp_debug;

/* The debug information of that program or library. An error says why there is none, and has the
 * hint what would bring it; its errno is ENODATA where the file has none. */
struct rp_error *rp_debug_open(const char *path, const struct rp_debug **out);
/* rp_debug_file_build() of it. */
char *rp_debug_build(const struct rp_debug *debug);
/* A line of source; `file` is a path, or the end of one ("util.c", "src/util.c"). */
struct rp_source_line {
    const char *file;
    unsigned number;
    bool is_empty; /* it has no instruction of its own: the one at its address is in another block,
                      or another function */
};
/* The function whose code has the address, as the file counts them, and where its parameters are
 * when that instruction is next; behind the parameters the variables of the blocks that it is in,
 * unless it is the function's first instruction and `line` is NULL. `line` is one that begins
 * there: the function that has it may be inlined in the other. An error whose errno is ENOENT: it
 * tells of no function there. */
struct rp_error *rp_debug_function_at(const struct rp_debug *debug, uint64_t address,
                                      const struct rp_source_line *line,
                                      const struct rp_debug_function **out);
/* The types that the struct, union, enum or typedef of that name reaches, which is the first
 * nameable of that kind; NULL: there is none, or there are several that differ. */
const struct rp_btf *rp_debug_type_named(const struct rp_debug *debug, const char *name,
                                         unsigned kind);
/* A variable at a fixed address of the program. */
struct rp_debug_global {
    const char *name;
    uint64_t near; /* it was asked for at that address, */
    const struct rp_btf *btf;
    uint32_t type;
    uint64_t address; /* both as the file counts them */
};
/* The one that the function at the address `near` means by that name: its own file's, or else
 * the only one that there is. *out is NULL: there is none. */
struct rp_error *rp_debug_global_find(const struct rp_debug *debug, const char *name, uint64_t near,
                                      const struct rp_debug_global **out);
/* Where a function's code is in others. */
struct rp_debug_inlined {
    size_t count; /* copies of it; 0: none */
    char *caller; /* one of those that have it, or NULL */
    char *file;   /* where it is declared; or NULL, and 0 */
    unsigned line;
};
/* Of all functions of that name; `beside`: in the unit of the function at that address, of the file
 * as nm(1) shows it; 0: in all. *out is cleared with rp_debug_inlined_clear(). */
struct rp_error *rp_debug_inlined_find(const struct rp_debug *debug, const char *name,
                                       uint64_t beside, struct rp_debug_inlined *out);
void rp_debug_inlined_clear(struct rp_debug_inlined *inlined);
/* Whether the unit that has the code at that address has a function of its own of that name, as a
 * symbol, wherever its code is. */
bool rp_debug_defines(const struct rp_debug *debug, const char *symbol, uint64_t beside);
/* Frees all that was returned. */
void rp_debug_release(void);

#endif
