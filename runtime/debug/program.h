/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a program's debug information is in. */
#ifndef RP_DEBUG_PROGRAM_H
#define RP_DEBUG_PROGRAM_H

#include <sys/stat.h>

#include "debug/frame_info.h"
#include "debug/libdw.h"
#include "debug/programs.h"
#include "util/vec.h"

struct rp_debug_named {
    char *name;
    unsigned kind;
    struct rp_btf *btf; /* NULL: there is no such type */
};

struct rp_debug_known {
    uint64_t address;
    struct rp_source_line line; /* asked for with it; its file is malloc()ed, or NULL: without */
    struct rp_debug_function *function; /* NULL: there is none */
};

struct rp_debug {
    char *path;
    bool is_local;  /* nothing is fetched for it */
    struct stat is; /* which file it was */
    Dwfl *dwfl;
    Dwfl_Module *module;
    Dwarf *dwarf;
    int64_t bias; /* its addresses less those of the program's file */
    struct rp_frame_info *eh_frame, *debug_frame; /* by the file's addresses, and by the Dwarf's */
    RP_VEC(struct rp_debug_known) functions;
    RP_VEC(struct rp_debug_named) types;
    RP_VEC(struct rp_debug_global *) globals; /* of type 0: there is none of that name */
    struct rp_debug *next;
};

/* Reads the file at `path` and what goes with it. */
struct rp_error *rp_debug_program_open(struct rp_debug *debug);
void rp_debug_program_close(struct rp_debug *debug);
/* The symbol that has the address, as the file counts it; NULL: none. */
const char *rp_debug_program_symbol(const struct rp_debug *debug, uint64_t address);
void rp_debug_globals_clear(struct rp_debug *debug);

#endif
