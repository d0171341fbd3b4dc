/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is held: on the screen, and in a file. */
#include "entry.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A header is repeated above rows of another program when so many lines came since it was shown. */
#define HEADER_EVERY 40

struct output {
    struct prompt *prompt;
    struct entry *entry;
    const struct rp_module *module;
    const char *name;
    bool iterated;             /* it is the rows of iterators */
    struct rp_layout *layouts; /* from the first record on: by then the module's types are loaded */
    const struct rp_layout *layout; /* of the last record: an output may have several types */
    bool headed;                    /* its header was shown, as it would look now */
    uint64_t headed_at;             /* then so many lines had been printed */
    uint64_t rows;
};

/* What all outputs have in common: there is one screen. */
static struct {
    struct { /* the row at hand, made in memory to be cut */
        FILE *file;
        char *text;
        size_t size;
    } row;
    uint64_t lines;
    const void *last; /* the output that printed last */
    size_t sources;   /* how many are held that print rows, when the last header was shown */
    bool muted;
    uint64_t muted_rows;
    struct prompt *trace_prompt; /* the trace pipe is read */
    struct output trace;         /* its rows, of whichever program */
    struct {
        FILE *file;
        char *path;
        bool csv;
        unsigned number;  /* of one that is held; 0: of all */
        const void *last; /* whose columns the CSV header above names */
    } record;
} all;

/* ------------------------------------------------------------------ rows */

static FILE *begin_row(void) {
    if (!all.row.file)
        all.row.file = open_memstream(&all.row.text, &all.row.size);
    if (all.row.file)
        rewind(all.row.file);
    return all.row.file;
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
    fflush(all.row.file);
    size_t size = (size_t)ftell(all.row.file);
    int columns = screen_columns();
    if (size && all.row.text[size - 1] == '\n')
        size--;
    bool fits = !isatty(STDOUT_FILENO) || screen_fit(all.row.text, size, columns) == size;
    if (!fits)
        size = whole_numbers(all.row.text, screen_fit(all.row.text, size, columns - 1));
    fwrite(all.row.text, 1, size, stdout);
    if (!fits)
        fputs("…", stdout);
    all.lines++;
}

static void put_time(FILE *out) {
    static time_t last;
    static char text[16];
    time_t now = time(NULL);
    if (now != last || !*text)
        rp_time_of_day(text);
    last = now;
    fprintf(out, "%-8s ", text);
}

static size_t count_sources(const struct prompt *prompt) {
    size_t count = 0;
    for (size_t i = 0; i < prompt->entries.count; i++)
        count +=
            prompt->entries.items[i]->output_count > 0 || prompt->entries.items[i]->prints_trace;
    return count;
}

static void put_number(const struct output *output, FILE *out) {
    if (all.sources > 1 && output->entry)
        fprintf(out, "[%u] ", output->entry->number);
    if (output->entry && output->entry->output_count > 1)
        fprintf(out, "%s: ", output->name);
}

static void print_header(struct output *output) {
    FILE *out = begin_row();
    if (!out)
        return;
    put_number(output, out);
    fprintf(out, "%-8s ", "TIME");
    if (output->layout)
        rp_layout_print_header(output->layout, out);
    else
        rp_trace_line_print_header(out);
    fputs(screen_colour(COLOUR_HEADER), stdout);
    end_row();
    puts(screen_colour(COLOUR_NONE));
    output->headed = true;
    output->headed_at = all.lines;
}

/* A header stands above the first row, above rows that look different from then on, and on a
 * terminal again when it has scrolled away and another program's rows are above. */
static void head(struct output *output) {
    size_t sources = count_sources(output->prompt);
    if ((sources > 1) != (all.sources > 1))
        output->headed = false;
    all.sources = sources;
    bool away = all.last != output && all.lines - output->headed_at > HEADER_EVERY;
    if (!output->headed || (away && isatty(STDOUT_FILENO)))
        print_header(output);
    all.last = output;
}

/* A record, a line of the trace pipe, or a line of an iterator's text. */
struct row {
    const void *data;
    size_t size;
    const struct rp_trace_line *line;
    bool is_text;
};

/* The row's stacks, named; false when it has none. */
static bool name_stacks(const struct output *output, const struct row *row) {
    if (!output->entry || !output->entry->stack || !row->data)
        return false;
    rp_stack_clear(output->entry->stack);
    return rp_stack_add_record(output->entry->stack, output->layout, row->data, row->size);
}

static void put_json(const struct output *output, const struct row *row, bool time, FILE *out) {
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

static void put_text(struct output *output, const struct row *row) {
    if (!row->is_text) /* that has headers of its own, if any */
        head(output);
    FILE *out = begin_row();
    if (!out)
        return;
    put_number(output, out);
    if (row->is_text)
        fwrite(row->data, 1, row->size, out);
    else
        put_time(out);
    if (row->is_text)
        all.last = output;
    else if (row->line)
        rp_trace_line_print_row(row->line, out);
    else
        rp_layout_print_row(output->layout, row->data, row->size, out);
    end_row();
    putchar('\n');
    if (name_stacks(output, row))
        rp_stack_print(output->entry->stack, stdout);
}

/* ------------------------------------------------------------------ recording */

static bool is_recorded(const struct output *output) {
    return all.record.file &&
           (!all.record.number || (output->entry && all.record.number == output->entry->number));
}

static void record_csv(const struct output *output, const struct row *row) {
    FILE *out = all.record.file;
    char time[16];
    if (all.record.last != output) {
        fputs("time,probe,", out);
        rp_layout_print_csv_header(output->layout, out);
    }
    all.record.last = output;
    rp_time_of_day(time);
    fprintf(out, "%s,%u,", time, output->entry->number);
    rp_layout_print_csv(output->layout, row->data, row->size, out);
}

static void record_row(const struct output *output, const struct row *row) {
    if (!is_recorded(output))
        return;
    if (!all.record.csv)
        put_json(output, row, true, all.record.file);
    else if (!row->line && !row->is_text)
        record_csv(output, row);
    if (ferror(all.record.file))
        prompt_fail(output->prompt, output_record_end());
}

struct rp_error *output_record(const char *path, unsigned number) {
    rp_error_free(output_record_end());
    size_t length = strlen(path);
    all.record.path = strdup(path);
    all.record.file = fopen(path, "we");
    if (!all.record.path || !all.record.file) {
        struct rp_error *err = rp_error_new(errno, NULL, "cannot write %s", path);
        free(rp_take(all.record.path));
        return err;
    }
    all.record.csv = length > 4 && strcmp(path + length - 4, ".csv") == 0;
    all.record.number = number;
    all.record.last = NULL;
    return NULL;
}

struct rp_error *output_record_end(void) {
    if (!all.record.file)
        return NULL;
    RP_AUTO_FREE char *path = rp_take(all.record.path);
    bool failed = ferror(all.record.file);
    failed |= fclose(rp_take(all.record.file)) != 0;
    return failed ? rp_error_new(errno, NULL, "cannot write %s", path) : NULL;
}

struct rp_error *output_record_flush(void) {
    return all.record.file && fflush(all.record.file) ? output_record_end() : NULL;
}

const char *output_recorded(void) {
    return all.record.path;
}

/* ------------------------------------------------------------------ records */

/* Where it goes: to the file, and to the screen. */
static bool put_row(struct output *output, const struct row *row) {
    const struct rp_tool *tool = output->prompt->tool;
    record_row(output, row);
    output->rows++;
    all.muted_rows += all.muted;
    if (all.muted)
        return true;
    screen_hide();
    if (tool->json)
        put_json(output, row, tool->timestamps, stdout);
    else
        put_text(output, row);
    return !ferror(stdout);
}

/* The columns, by the names that the schema gives them. */
static struct rp_error *open_layout(struct output *output) {
    return output->iterated ? rp_layout_of_rows(output->module, &output->layouts)
                            : rp_layout_of_output(output->module, output->name, &output->layouts);
}

/* The next row has other columns. */
static void end_columns(struct output *output) {
    output->headed = false;
    if (all.record.last == output)
        all.record.last = NULL;
}

static bool on_record(void *ctx, const void *data, size_t size) {
    struct output *output = ctx;
    if (!output->layouts) {
        struct rp_error *err = open_layout(output);
        if (err)
            prompt_fail(output->prompt, err);
        if (!output->layouts)
            return false;
    }
    const struct rp_layout *layout = rp_layout_of_record(output->layouts, size);
    if (layout != output->layout)
        end_columns(output);
    output->layout = layout;
    return put_row(output, &(struct row){.data = data, .size = size});
}

static bool on_text(void *ctx, const void *data, size_t size) {
    return put_row(ctx, &(struct row){.data = data, .size = size, .is_text = true});
}

/* The pipe is the kernel's: nobody tells which program a line came from, unless there is but one.
 */
static struct entry *trace_writer(const struct prompt *prompt, bool *any) {
    struct entry *writer = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < prompt->entries.count; i++)
        if (prompt->entries.items[i]->prints_trace && !prompt->entries.items[i]->paused) {
            writer = prompt->entries.items[i];
            count++;
        }
    *any = count > 0;
    return count == 1 ? writer : NULL;
}

static bool on_trace(void *ctx, const struct rp_trace_line *line) {
    struct output *output = ctx;
    bool any;
    output->entry = trace_writer(output->prompt, &any);
    if (!any)
        return true;
    return put_row(output, &(struct row){.line = line});
}

/* ------------------------------------------------------------------ making and ending */

static struct rp_error *read_trace(struct prompt *prompt) {
    if (all.trace_prompt)
        return NULL;
    all.trace = (struct output){.prompt = prompt, .name = "trace_pipe"};
    RP_TRY(rp_session_read_trace(prompt->session, on_trace, &all.trace));
    all.trace_prompt = prompt;
    return NULL;
}

static struct rp_error *read_rows(struct prompt *prompt, struct entry *entry) {
    struct output *output = &entry->outputs[entry->output_count++];
    *output = (struct output){.prompt = prompt,
                              .entry = entry,
                              .module = entry->module,
                              .name = "rows",
                              .iterated = true};
    struct rp_layout *layout;
    RP_TRY(rp_layout_of_rows(entry->module, &layout));
    rp_layout_free(layout);
    return rp_session_read_rows(prompt->session, entry->module, layout ? on_record : on_text,
                                output);
}

struct rp_error *output_read(struct prompt *prompt, struct entry *entry) {
    const struct rp_module *module = entry->module;
    size_t maps = rp_module_map_count(module);
    entry->outputs = calloc(maps + 2, sizeof(*entry->outputs));
    if (!entry->outputs)
        return rp_error_nomem();
    for (size_t i = 0; i < maps; i++) {
        const char *name = rp_module_map_name(module, i);
        if (rp_module_map_schema(module, name)->means != RP_MEANS_ROWS)
            continue;
        struct output *output = &entry->outputs[entry->output_count++];
        *output = (struct output){.prompt = prompt, .entry = entry, .module = module, .name = name};
        RP_TRY(rp_session_read(prompt->session, entry->module, name, on_record, output));
    }
    if (rp_module_writes_rows(module))
        RP_TRY(read_rows(prompt, entry));
    if (entry->stack)
        RP_TRY(rp_stack_watch(prompt->session, entry->stack));
    entry->prints_trace = rp_module_prints_trace(module);
    return entry->prints_trace ? read_trace(prompt) : NULL;
}

void output_give(struct entry *entry) {
    for (size_t i = 0; i < entry->output_count; i++)
        entry->outputs[i].entry = entry;
}

void output_free(struct output *outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        rp_layout_free(outputs[i].layouts);
        if (all.last == &outputs[i])
            all.last = NULL;
        if (all.record.last == &outputs[i])
            all.record.last = NULL;
    }
    free(outputs);
}

bool output_scrolls(const struct entry *entry) {
    uint64_t rows = entry->prints_trace ? all.trace.rows : 0;
    for (size_t i = 0; i < entry->output_count; i++)
        rows += entry->outputs[i].rows;
    return rows > 0;
}

void output_resumed(struct entry *entry) {
    for (size_t i = 0; i < entry->output_count; i++)
        entry->outputs[i].rows = 0;
}

void output_mute(bool mute) {
    if (!mute && all.muted && all.muted_rows)
        prompt_say("reprobe: %llu row%s came meanwhile\n", (unsigned long long)all.muted_rows,
                   all.muted_rows == 1 ? "" : "s");
    all.muted = mute;
    all.muted_rows = 0;
}

void output_close(void) {
    rp_tool_end(output_record_end(), false);
    if (all.row.file)
        fclose(all.row.file);
    free(rp_take(all.row.text));
    all.row.file = NULL;
}
