/* SPDX-License-Identifier: Apache-2.0 */
/* Where the code of a line of source is. */
#ifndef RP_DEBUG_LINES_H
#define RP_DEBUG_LINES_H

#include "debug/programs.h"
#include "util/vec.h"

/* As the program's file counts them, ascending. */
struct rp_line_address {
    uint64_t address;
    uint64_t function; /* where the one begins whose code it is; 0: nothing tells */
    unsigned block;    /* the number of the block that the line is in there */
    bool is_empty;     /* see struct rp_source_line */
    bool is_copied;    /* the compiler may have put it there several times: it optimizes, and says
                          nothing of parts */
};
struct rp_lines {
    RP_VEC(struct rp_line_address);
};

/* The instructions that the line begins at: the first in each block that it is in is where
 * debuggers stop, and others are where it goes on, or copies. An error says which files or lines
 * there are. */
struct rp_error *rp_debug_line(const struct rp_debug *debug, const struct rp_source_line *line,
                               struct rp_lines *out);

/* The line that the instruction is of; *file, which is its path, is malloc()ed. False: nothing
 * tells. */
bool rp_debug_line_at(const struct rp_debug *debug, uint64_t address, char **file,
                      struct rp_source_line *out);

/* The lines that instructions are of: each begins one, and goes on up to the next. */
struct rp_line_row {
    uint64_t address;
    const char *file; /* a path; lives as long as `debug` */
    unsigned number;
    bool begins; /* a statement of that line begins there, where a probe at the line is */
};
struct rp_line_rows {
    RP_VEC(struct rp_line_row); /* ascending */
    unsigned first;             /* the line where the function of the first row begins, */
    unsigned next;              /* and where its file declares the next one; 0: it does not say */
};
/* Those of the code from `address` on, of which a function begins there. */
struct rp_error *rp_debug_line_rows(const struct rp_debug *debug, uint64_t address, uint64_t size,
                                    struct rp_line_rows *out);

#endif
