/* SPDX-License-Identifier: Apache-2.0 */
/* How a row looks: at a terminal its columns fit the line, and there is a header on every screen.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "screen.h"
#include "util/cells.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Elsewhere a header is not repeated. There is one screen. */
static struct {
    FILE *file; /* the row at hand, made in memory to be cut */
    char *text;
    size_t size;
    uint64_t lines;
    size_t sources; /* how many are held that print rows, when the last header was shown */
} shown;

static FILE *begin_row(void) {
    if (!shown.file)
        shown.file = open_memstream(&shown.text, &shown.size);
    if (shown.file)
        rewind(shown.file);
    return shown.file;
}

/* The part of a row before `end` that can be shown by itself: a number that is cut is another
 * number. */
static size_t whole_numbers(const char *text, size_t end) {
    size_t start = end;
    while (start && text[start - 1] != ' ')
        start--;
    bool number = isdigit((unsigned char)text[start]) ||
                  (text[start] == '-' && isdigit((unsigned char)text[start + 1]));
    return number && text[end] != ' ' ? start : end;
}

/* Puts the row to stdout; on a terminal as much of it as one line of the screen holds, with a mark.
 */
static void end_row(void) {
    fflush(shown.file);
    size_t size = (size_t)ftell(shown.file);
    int columns = screen_columns();
    if (size && shown.text[size - 1] == '\n')
        size--;
    bool fits = !isatty(STDOUT_FILENO) || screen_fit(shown.text, size, columns) == size;
    if (!fits)
        size = whole_numbers(shown.text, screen_fit(shown.text, size, columns - 1));
    fwrite(shown.text, 1, size, stdout);
    if (!fits)
        fputs("…", stdout);
    shown.lines++;
}

/* When it came, as it is known here. */
static void put_time(const struct prompt *prompt, FILE *out) {
    static time_t last;
    static char text[16];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != last || !*text)
        rp_time_text(now.tv_sec, text);
    last = now.tv_sec;
    if (prompt->milliseconds)
        fprintf(out, "%-8s.%03ld ", text, now.tv_nsec / 1000000);
    else
        fprintf(out, "%-8s ", text);
}

static int time_width(const struct prompt *prompt) {
    return prompt->milliseconds ? 12 : 8;
}

static size_t count_sources(const struct prompt *prompt) {
    size_t count = 0;
    for (size_t i = 0; i < prompt->entries.count; i++)
        count +=
            prompt->entries.items[i]->output_count > 0 || prompt->entries.items[i]->prints_trace;
    return count;
}

static void put_number(const struct output *output, FILE *out) {
    if (shown.sources > 1 && output->entry)
        fprintf(out, "[%u] ", output->entry->number);
    if (output->entry && output->entry->output_count > 1)
        fprintf(out, "%s: ", output->name);
}

static void print_header(struct output *output) {
    FILE *out = begin_row();
    if (!out)
        return;
    put_number(output, out);
    fprintf(out, "%-*s ", time_width(output->prompt), "TIME");
    if (output->columns)
        rp_columns_print_header(output->columns, out);
    else if (output->layout)
        rp_layout_print_header(output->layout, out);
    else
        rp_trace_line_print_header(out);
    fputs(screen_colour(COLOUR_HEADER), stdout);
    end_row();
    puts(screen_colour(COLOUR_NONE));
    output->headed = true;
    output->headed_at = shown.lines;
}

/* A header stands above the first row, above rows that look different from then on, and on a
 * terminal again when it has scrolled away. */
static void head(struct output *output) {
    bool away = shown.lines - output->headed_at + 2 >= (uint64_t)screen_rows();
    if (!output->headed || (away && isatty(STDOUT_FILENO)))
        print_header(output);
}

/* Rows of several outputs have a number in front. */
static void look_for_others(struct output *output) {
    size_t sources = count_sources(output->prompt);
    if ((sources > 1) != (shown.sources > 1))
        output->headed = false;
    shown.sources = sources;
}

/* ------------------------------------------------------------------ at a terminal */

/* What is left of a line behind the number and the time. */
static size_t room(const struct output *output) {
    FILE *out = begin_row();
    if (!out)
        return 0;
    put_number(output, out);
    fflush(out);
    size_t used = (size_t)ftell(out) + (size_t)time_width(output->prompt) + 1;
    size_t all = (size_t)screen_columns();
    return all > used ? all - used : 0;
}

/* Lays the record out in columns that fit the terminal; false: there are none, or it is not one. */
static bool lay_out(struct output *output, const struct row *row, bool *fits) {
    bool changed;
    if (!row->data || row->is_text || !isatty(STDOUT_FILENO))
        return false;
    if (!output->columns)
        rp_error_free(rp_columns_new(output->layout, &output->columns));
    if (!output->columns)
        return false;
    *fits = rp_columns_take(output->columns, row->data, row->size, room(output), &changed);
    output->headed &= !changed;
    return true;
}

static void put_expanded(const struct output *output) {
    fputs(screen_colour(COLOUR_HEADER), stdout);
    put_number(output, stdout);
    put_time(output->prompt, stdout);
    puts(screen_colour(COLOUR_NONE));
    rp_columns_print_expanded(output->columns, stdout);
}

/* ------------------------------------------------------------------ a row */

/* The row's stacks, named; false when it has none. */
static bool name_stacks(const struct output *output, const struct row *row) {
    if (!output->entry || !output->entry->stack || !row->data)
        return false;
    rp_stack_clear(output->entry->stack);
    return rp_stack_add_record(output->entry->stack, output->layout, row->data, row->size);
}

void row_put_json(const struct output *output, const struct row *row, bool time, FILE *out) {
    struct rp_writer json;
    rp_json_begin(&json, out);
    if (time)
        rp_json_time(&json);
    if (output->entry)
        rp_json_uint(&json, "probe", output->entry->number);
    rp_json_string(&json, "output", output->name);
    if (row->line) {
        rp_json_object(&json, "data");
        rp_json_trace_line(&json, row->line);
        rp_json_object_end(&json);
    } else if (row->is_text) {
        rp_json_text(&json, "data", row->data, row->size);
    } else {
        rp_json_record(&json, "data", output->layout, row->data, row->size);
    }
    if (name_stacks(output, row))
        rp_json_stack(&json, "stack", output->entry->stack);
    rp_json_end(&json);
}

static void put_in_line(struct output *output, const struct row *row) {
    if (!row->is_text) /* that has headers of its own, if any */
        head(output);
    FILE *out = begin_row();
    if (!out)
        return;
    put_number(output, out);
    if (row->is_text)
        fwrite(row->data, 1, row->size, out);
    else
        put_time(output->prompt, out);
    if (row->line)
        rp_trace_line_print_row(row->line, out);
    else if (output->columns)
        rp_columns_print_row(output->columns, out);
    else if (!row->is_text)
        rp_layout_print_row(output->layout, row->data, row->size, out);
    end_row();
    putchar('\n');
}

/* ------------------------------------------------------------------ text of one's own */

static void put_padded(const char *text, int width, FILE *out) {
    int cells = (int)rp_cells(text, strlen(text)), pad = width < 0 ? -width - cells : width - cells;
    if (width > 0)
        fprintf(out, "%*s", pad > 0 ? pad : 0, "");
    fputs(text, out);
    if (width < 0)
        fprintf(out, "%*s", pad > 0 ? pad : 0, "");
}

/* "comm pid" of a struct that several values tell of. */
static char *values_text(const struct output *output, const struct row *row,
                         const struct rp_text_piece *piece) {
    char *all = NULL;
    for (size_t i = 0; i < piece->count; i++) {
        RP_AUTO_FREE char *cell =
            rp_layout_cell(output->layout, piece->first + i, row->data, row->size);
        char *more = rp_text("%s%s%s", all ? all : "", all ? " " : "", cell ? cell : "");
        free(all);
        all = more;
    }
    return all;
}

static void put_own_text(const struct output *output, const struct row *row) {
    const struct entry *entry = output->entry;
    for (size_t i = 0; i < entry->piece_count; i++) {
        const struct rp_text_piece *piece = &entry->pieces[i];
        RP_AUTO_FREE char *values = piece->text ? NULL : values_text(output, row, piece);
        put_padded(piece->text ? piece->text : values ? values : "", piece->width, stdout);
    }
}

static bool has_own_text(const struct output *output, const struct row *row) {
    return output->entry && output->entry->pieces && row->data && !row->is_text;
}

/* It ends its line itself, or else the line ends behind it. */
static void print_own_text(const struct output *output, const struct row *row) {
    const struct entry *entry = output->entry;
    const char *last = entry->piece_count ? entry->pieces[entry->piece_count - 1].text : NULL;
    put_own_text(output, row);
    if (!last || !*last || last[strlen(last) - 1] != '\n')
        putchar('\n');
}

void row_put(struct output *output, const struct row *row) {
    bool fits = true;
    if (has_own_text(output, row)) {
        print_own_text(output, row);
        if (name_stacks(output, row))
            rp_stack_print(output->entry->stack, stdout);
        return;
    }
    look_for_others(output);
    bool laid_out = lay_out(output, row, &fits);
    bool expands =
        output->prompt->expand == EXPAND_AUTO ? !fits : output->prompt->expand == EXPAND_ON;
    if (laid_out && expands)
        put_expanded(output);
    else
        put_in_line(output, row);
    if (name_stacks(output, row))
        rp_stack_print(output->entry->stack, stdout);
}

void row_end_columns(struct output *output) {
    output->headed = false;
    rp_columns_free(rp_take(output->columns));
}

void row_close(void) {
    if (shown.file)
        fclose(shown.file);
    free(rp_take(shown.text));
    shown.file = NULL;
}
