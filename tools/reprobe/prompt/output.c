/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is held: where they come from, and where they go: on the screen, and to a file. */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

/* What all outputs have in common: there is one screen. */
static struct {
    bool muted;
    uint64_t muted_rows;
    FILE *blocks; /* what waits until the screen is free again; NULL: nothing does */
    char *text;   /* of these */
    size_t size;
    uint64_t muted_blocks;       /* that there was no room for */
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

/* ------------------------------------------------------------------ recording */

static bool is_recorded(const struct output *output) {
    return all.record.file &&
           (!all.record.number || (output->entry && all.record.number == output->entry->number));
}

/* Its rows say at which probe: then the column in front is called otherwise. */
static bool has_places(const struct output *output) {
    const struct rp_map_schema *schema = rp_module_map_schema(output->module, output->name);
    return schema && rp_map_schema_member(schema, false, RP_MEMBER_ATTACH_POINT);
}

static void record_csv(const struct output *output, const struct row *row) {
    FILE *out = all.record.file;
    char time[16];
    bool named = output->entry->output_count > 1;
    if (all.record.last != output) {
        fputs(has_places(output) ? "time,program," : "time,probe,", out);
        fputs(named ? "output," : "", out);
        rp_layout_print_csv_header(output->layout, out);
    }
    all.record.last = output;
    rp_time_of_day(time);
    fprintf(out, "%s,%u,", time, output->entry->number);
    if (named)
        fprintf(out, "%s,", output->name);
    rp_layout_print_csv(output->layout, row->data, row->size, out);
}

static void record_row(const struct output *output, const struct row *row) {
    if (!is_recorded(output))
        return;
    if (!all.record.csv)
        row_put_json(output, row, true, all.record.file);
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
        row_put_json(output, row, tool->timestamps, stdout);
    else
        row_put(output, row);
    return !ferror(stdout);
}

/* The columns, by the names that the schema gives them. */
static struct rp_error *open_layout(struct output *output) {
    if (output->iterated)
        return rp_layout_of_rows(output->module, &output->layouts);
    RP_TRY(rp_layout_of_output(output->module, output->name, &output->layouts));
    RP_AUTO_FREE char *names = output->entry ? entry_place_names(output->entry) : NULL;
    return names ? rp_layout_name_places(output->layouts, names) : NULL;
}

/* The next row has other columns. */
static void end_columns(struct output *output) {
    row_end_columns(output);
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
    RP_AUTO_FREE char *doubt = rp_layout_doubt(output->layouts, output->name, size);
    if (doubt)
        prompt_say("reprobe: note: [%u] %s\n", output->entry->number, doubt);
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
        row_end_columns(&outputs[i]);
        rp_layout_free(outputs[i].layouts);
        if (all.record.last == &outputs[i])
            all.record.last = NULL;
    }
    free(outputs);
}

void output_places_change(const struct entry *entry) {
    for (size_t i = 0; i < entry->output_count; i++) {
        struct output *output = &entry->outputs[i];
        end_columns(output);
        rp_layout_free(rp_take(output->layouts));
        output->layout = NULL;
    }
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

void output_looks_change(const struct prompt *prompt) {
    all.trace.headed = false;
    for (size_t i = 0; i < prompt->entries.count; i++)
        for (size_t o = 0; o < prompt->entries.items[i]->output_count; o++)
            prompt->entries.items[i]->outputs[o].headed = false;
}

#define MAX_WAITING (1 << 20) /* bytes */

FILE *output_block(void) {
    if (!all.muted) {
        screen_hide();
        return stdout;
    }
    if (!all.blocks)
        all.blocks = open_memstream(&all.text, &all.size);
    if (all.blocks && !fflush(all.blocks) && all.size < MAX_WAITING)
        return all.blocks;
    all.muted_blocks++;
    return NULL;
}

static void free_blocks(void) {
    if (all.blocks)
        fclose(all.blocks);
    free(all.text);
    all.blocks = NULL;
    all.text = NULL;
}

static void show_blocks(void) {
    if (!all.blocks)
        return;
    fflush(all.blocks);
    screen_hide();
    fwrite(all.text, 1, all.size, stdout);
    fflush(stdout);
    free_blocks();
}

static void say_muted(uint64_t count, const char *one, const char *many) {
    if (count)
        prompt_say("reprobe: %" PRIu64 " %s came meanwhile\n", count, count == 1 ? one : many);
}

void output_mute(bool mute) {
    if (!mute && all.muted) {
        show_blocks();
        say_muted(all.muted_blocks, "more interval", "more intervals");
        say_muted(all.muted_rows, "row", "rows");
    }
    all.muted = mute;
    all.muted_rows = all.muted_blocks = 0;
}

void output_close(struct prompt *prompt) {
    struct rp_error *err = output_record_end();
    if (err)
        prompt_fail(prompt, err);
    free_blocks();
    row_close();
}
