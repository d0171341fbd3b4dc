/* SPDX-License-Identifier: Apache-2.0 */
/* Columns side by side in the cells that a line has. */
#ifndef RP_RECORD_FIT_H
#define RP_RECORD_FIT_H

#include "record/layout.h"

/* Cells. */
struct rp_fit {
    size_t header; /* of its header, which can be cut */
    size_t wanted; /* as wide as it is to be where there are as many */
    size_t widest; /* of what stands in it */
    bool is_text;  /* which can be cut, too; a number cannot */
    size_t width;  /* what it gets */
    size_t before; /* what it had before, for whoever compares */
};

/* Whether what is of that type can be cut. */
bool rp_fit_is_text(const struct rp_type *type);
/* Sets the widths so that the columns, each but the last with a blank behind it, take at most
 * `room`. False: they cannot; then they have the least that they need. */
bool rp_fit(struct rp_fit *columns, size_t count, size_t room);
/* Writes a cell, cut if it is too long, with the blanks behind it where it is not the last. `text`
 * has no control characters. */
void rp_fit_write(struct rp_writer *w, const struct rp_fit *column, const char *text, size_t length,
                  bool last);
/* The same of a header, which is always cut. */
void rp_fit_write_header(struct rp_writer *w, const struct rp_fit *column, const char *text,
                         bool last);

#endif
