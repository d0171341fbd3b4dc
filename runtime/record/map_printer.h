/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways to print a map have in common. */
#ifndef RP_RECORD_MAP_PRINTER_H
#define RP_RECORD_MAP_PRINTER_H

#include "record/fit.h"
#include "record/histogram.h"
#include "record/map_past.h"
#include "record/map_read.h"
#include "util/writer.h"

struct rp_map_printer {
    const struct rp_map_table *t;
    const struct rp_map_format *format;
    const char *title;
    bool is_histogram;
    FILE *out;
    struct rp_writer w;              /* empty between entries */
    size_t shown, first;             /* so many of its rows, from this one on */
    size_t left_out;                 /* rows or histograms that are not */
    const struct rp_map_rate *rates; /* of each, in the order in which they are shown; NULL: none */
    const struct rp_map_rate *rate;  /* of the row at hand */
    size_t *widths;                  /* of a text table's columns */
    struct rp_fit *fits;             /* the same where it is to fit a line */
    bool was_empty;                  /* the histogram before: it had no counts */
};

/* One way to print: what comes first, an entry, a histogram, what comes last. */
struct rp_map_form {
    void (*begin)(struct rp_map_printer *p);
    void (*entry)(struct rp_map_printer *p, const uint8_t *row);
    void (*group)(struct rp_map_printer *p, const struct rp_map_group *group);
    void (*end)(struct rp_map_printer *p);
};
extern const struct rp_map_form rp_map_text_form;

static inline size_t rp_map_column_count(const struct rp_map_printer *p) {
    return p->t->layout->columns.count;
}
static inline const uint8_t *rp_map_printer_row(const struct rp_map_printer *p, size_t i) {
    bool reversed = p->format->largest_first && !p->rates;
    return rp_map_row(p->t, p->rates   ? p->rates[i].row
                            : reversed ? p->t->row_count - 1 - i
                                       : p->first + i);
}

/* Whether a name is looked for in place of the numbers of column `i`. */
bool rp_map_is_named(const struct rp_map_printer *p, size_t i);
/* What the number of column `i` means, malloc()ed; NULL when nobody tells. */
char *rp_map_name_cell(const struct rp_map_printer *p, size_t i, const uint8_t *row);
void rp_map_write_cell(struct rp_map_printer *p, size_t i, const uint8_t *row);

#endif
