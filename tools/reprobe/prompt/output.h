/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is held: one stream of them, and how they look. */
#ifndef REPROBE_OUTPUT_H
#define REPROBE_OUTPUT_H

#include "entry.h"

struct output {
    struct prompt *prompt;
    struct entry *entry;
    const struct rp_module *module;
    const char *name;
    bool iterated;             /* it is the rows of iterators */
    struct rp_layout *layouts; /* from the first record on: by then the module's types are loaded */
    const struct rp_layout *layout; /* of the last record: an output may have several types */
    struct rp_columns *columns;     /* as they look at a terminal */
    bool headed;                    /* its header was shown, as it would look now */
    uint64_t headed_at;             /* then so many lines had been printed */
    uint64_t rows;
};

/* A record, a line of the trace pipe, or a line of an iterator's text. */
struct row {
    const void *data;
    size_t size;
    const struct rp_trace_line *line;
    bool is_text;
};

/* ------------------------------------------------------------------ row.c */

/* Prints it for people, with a header where there is to be one. */
void row_put(struct output *output, const struct row *row);
void row_put_json(const struct output *output, const struct row *row, bool time, FILE *out);
/* The next row has other columns. */
void row_end_columns(struct output *output);
void row_close(void);

#endif
