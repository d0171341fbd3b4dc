/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of host programs: one description of a record's cells makes the header, the rows and JSON.
 */
#include "table.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"
#include "util/cleanup.h"
#include "util/csv.h"
#include "util/writer.h"

struct rp_row {
    struct rp_writer w;
    enum { HEADER, ROW, JSON } as;
    bool csv;   /* no columns, but commas */
    size_t end; /* the column where the previous cell ends */
    bool begun; /* the row has a cell already */
};

/* ------------------------------------------------------------------ cells */

static void pad(struct rp_row *row, size_t columns) {
    while (columns--)
        rp_write_char(&row->w, ' ');
}

#define MEMBER_MAX 64

/* "LAT(ms)" becomes "lat_ms". */
static const char *member(const char *name, char text[MEMBER_MAX]) {
    bool gap = false;
    size_t length = 0;
    for (; *name && length + 2 < MEMBER_MAX; name++) {
        if (!isalnum((unsigned char)*name)) {
            gap = length > 0;
            continue;
        }
        if (gap)
            text[length++] = '_';
        text[length++] = (char)tolower((unsigned char)*name);
        gap = false;
    }
    text[length] = '\0';
    return text;
}

/* Pads to where the cell begins; after a cell that was too long, by one space. */
static void begin_cell(struct rp_row *row) {
    if (row->begun && row->csv) {
        rp_write_char(&row->w, ',');
    } else if (row->begun) {
        size_t at = rp_writer_columns(&row->w);
        pad(row, at < row->end ? row->end + 1 - at : 1);
    }
    row->begun = true;
}

static size_t columns_of(int width) {
    return (size_t)(width < 0 ? -width : width);
}

/* A negative `width` aligns the cell to the right. */
static void write_cell(struct rp_row *row, int width, const char *text) {
    begin_cell(row);
    size_t begin = row->end ? row->end + 1 : 0, length = strlen(text);
    if (width < 0 && length < columns_of(width) && !row->csv)
        pad(row, columns_of(width) - length);
    rp_write_string(&row->w, text);
    row->end = begin + columns_of(width);
}

static void write_csv(struct rp_row *row, const char *text, size_t max) {
    RP_AUTO_FREE char *escaped = NULL;
    size_t size;
    FILE *out = open_memstream(&escaped, &size);
    if (!out)
        return;
    rp_print_text(text, max, out);
    fclose(out);
    rp_writer_flush(&row->w);
    rp_csv_cell(escaped, row->w.out);
}

static void write_number(struct rp_row *row, const char *name, int width, const char *number) {
    write_cell(row, width, row->as == HEADER ? name : number);
}

void rp_cell_uint(struct rp_row *row, const char *name, int width, uint64_t value) {
    char text[MEMBER_MAX];
    if (row->as == JSON) {
        rp_json_uint(&row->w, member(name, text), value);
        return;
    }
    snprintf(text, sizeof(text), "%" PRIu64, value);
    write_number(row, name, width, text);
}

void rp_cell_int(struct rp_row *row, const char *name, int width, int64_t value) {
    char text[MEMBER_MAX];
    if (row->as == JSON) {
        rp_json_int(&row->w, member(name, text), value);
        return;
    }
    snprintf(text, sizeof(text), "%" PRId64, value);
    write_number(row, name, width, text);
}

void rp_cell_double(struct rp_row *row, const char *name, int width, int decimals, double value) {
    char text[400]; /* DBL_MAX has 309 digits before its point */
    if (row->as == JSON) {
        rp_json_double(&row->w, member(name, text), decimals, value);
        return;
    }
    snprintf(text, sizeof(text), "%.*f", decimals, value);
    write_number(row, name, width, text);
}

void rp_cell_none(struct rp_row *row, const char *name, int width) {
    char text[MEMBER_MAX];
    if (row->as == JSON)
        rp_json_double(&row->w, member(name, text), 0, NAN); /* null */
    else
        write_number(row, name, width, "?");
}

void rp_cell_text(struct rp_row *row, const char *name, int width, const char *text, size_t max) {
    char json_name[MEMBER_MAX];
    if (row->as == JSON) {
        rp_json_text(&row->w, member(name, json_name), text, max);
        return;
    }
    if (row->as == HEADER) {
        write_cell(row, width, name);
        return;
    }
    begin_cell(row);
    size_t begin = row->end ? row->end + 1 : 0;
    if (row->csv)
        write_csv(row, text, max);
    else
        rp_write_text(&row->w, text, max);
    row->end = begin + columns_of(width);
}

static void write_quoted(struct rp_writer *w, const char *text) {
    rp_write_char(w, '"');
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        rp_write_text(w, text, (size_t)(quote - text));
        rp_write_string(w, "\\\"");
    }
    rp_write_text(w, text, SIZE_MAX);
    rp_write_char(w, '"');
}

void rp_cell_texts(struct rp_row *row, const char *name, int width, const char *const *texts,
                   size_t count, bool quoted) {
    char json_name[MEMBER_MAX];
    if (row->as == HEADER) {
        write_cell(row, width, name);
        return;
    }
    if (row->as == JSON)
        rp_json_array(&row->w, member(name, json_name));
    else
        begin_cell(row);
    size_t begin = row->end ? row->end + 1 : 0;
    for (size_t i = 0; i < count; i++) {
        if (row->as == JSON) {
            rp_json_text(&row->w, NULL, texts[i], SIZE_MAX);
            continue;
        }
        rp_write_string(&row->w, i ? " " : "");
        if (quoted)
            write_quoted(&row->w, texts[i]);
        else
            rp_write_text(&row->w, texts[i], SIZE_MAX);
    }
    if (row->as == JSON)
        rp_json_array_end(&row->w);
    row->end = begin + columns_of(width);
}

/* ------------------------------------------------------------------ rows */

static void begin_row(struct rp_row *row, const struct rp_table *table, bool header) {
    row->as = header ? HEADER : table->tool->json ? JSON : ROW;
    row->end = 0;
    row->begun = false;
    row->csv = table->tool->csv;
    if (row->as == JSON) {
        rp_tool_json_begin(table->tool, &row->w);
        return;
    }
    rp_writer_begin(&row->w, stdout);
    if (table->tool->timestamps && !table->time_is_above) {
        char time[16];
        rp_tool_time(table->tool, time);
        rp_cell_text(row, rp_tool_time_name(table->tool), 8, time, sizeof(time));
    }
}

static void end_row(struct rp_row *row) {
    if (row->as == JSON) {
        rp_json_end(&row->w);
        return;
    }
    rp_write_char(&row->w, '\n');
    rp_writer_flush(&row->w);
}

void rp_table_header(const struct rp_table *table, const void *record) {
    struct rp_row row;
    if (table->tool->json)
        return;
    begin_row(&row, table, true);
    table->cells(&row, record, table->ctx);
    end_row(&row);
}

void rp_table_row(const struct rp_table *table, const void *record) {
    struct rp_row row;
    begin_row(&row, table, false);
    table->cells(&row, record, table->ctx);
    end_row(&row);
}
