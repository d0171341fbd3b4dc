/* SPDX-License-Identifier: Apache-2.0 */
/* Maps in words: as tables and histograms, as JSON (an object an entry or a histogram), as CSV (RFC
 * 4180: a line of names, then one an entry or a bucket, each ended by CR LF). */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/csv.h"
#include "record/histogram.h"
#include "record/map_read.h"
#include "record/variables.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/text.h"
#include "util/writer.h"

struct printer {
    const struct rp_map_table *t;
    const struct rp_map_format *format;
    const char *title;
    bool is_histogram;
    FILE *out;
    struct rp_writer w; /* empty between entries */
    size_t *widths;     /* of a text table's columns */
};

/* One way to print: what comes first, an entry, a histogram. */
struct form {
    void (*begin)(struct printer *p);
    void (*entry)(struct printer *p, const uint8_t *row);
    void (*group)(struct printer *p, const struct rp_map_group *group);
};

/* ---- cells */

/* The process whose stack is in the row; 0: the kernel. */
static pid_t process_of(const struct printer *p, const struct rp_member_schema *member,
                        const uint8_t *row) {
    ssize_t pid = rp_map_column(p->t, false, RP_MEMBER_PID);
    if (member->means != RP_MEMBER_USER_STACK || pid < 0)
        return 0;
    struct rp_view view = rp_map_cell(p->t, (size_t)pid, row);
    return (pid_t)rp_view_uint(&view);
}

/* What the number of column `i` means, malloc()ed; NULL when nobody tells. */
static char *name_cell(const struct printer *p, size_t i, const uint8_t *row) {
    const struct rp_member_schema *member = p->t->members[i];
    struct rp_view view = rp_map_cell(p->t, i, row);
    if (!p->format->text || !member || !rp_type_is_number(view.type) ||
        (member->means != RP_MEMBER_ATTACH_POINT && !rp_member_is_stack(member)))
        return NULL;
    const struct rp_map_number number = {member, rp_map_number(&view), process_of(p, member, row)};
    return p->format->text(p->format->ctx, &number);
}

static void write_cell(struct printer *p, size_t i, const uint8_t *row) {
    struct rp_view view = rp_map_cell(p->t, i, row);
    RP_AUTO_FREE char *name = name_cell(p, i, row);
    if (name)
        rp_write_text(&p->w, name, SIZE_MAX);
    else if (p->format->as == RP_MAP_CSV)
        rp_write_for_program(&p->w, &view);
    else
        rp_write_value(&p->w, &view);
}

static size_t column_count(const struct printer *p) {
    return p->t->layout->columns.count;
}

/* ---- text */

/* Names of numbers are longer than these, and so may numbers of 16 bytes be. */
static size_t width_of(const struct printer *p, size_t i) {
    const struct rp_column *column = &p->t->layout->columns.items[i];
    size_t width = column->width;
    bool wide = column->type && (column->type->kind == RP_WIDE || column->type->look);
    for (size_t n = 0; (p->t->members[i] || wide) && n < p->t->row_count; n++) {
        struct rp_view view = rp_map_cell(p->t, i, rp_map_row(p->t, n));
        RP_AUTO_FREE char *name =
            wide ? rp_value_text(&view) : name_cell(p, i, rp_map_row(p->t, n));
        size_t length = name ? strlen(name) : 0;
        width = length > width ? length : width;
    }
    return width;
}

/* The only value of an array of one stands behind the map's name. */
static bool is_one_value(const struct printer *p) {
    return !p->is_histogram && rp_map_table_is_single(p->t) && p->t->value->kind != RP_STRUCT &&
           p->t->row_count;
}

static void text_entry(struct printer *p, const uint8_t *row) {
    for (size_t i = rp_map_table_is_single(p->t) ? p->t->key_columns : 0; i < column_count(p);
         i++) {
        size_t start = rp_writer_columns(&p->w);
        if (row)
            write_cell(p, i, row);
        else
            rp_write_string(&p->w, p->t->layout->columns.items[i].header);
        if (i + 1 < column_count(p))
            rp_write_padding(&p->w, start, p->widths ? p->widths[i] : 0);
    }
    rp_write_char(&p->w, '\n');
}

static void text_begin(struct printer *p) {
    rp_write_text(&p->w, p->title, SIZE_MAX);
    rp_write_string(&p->w, is_one_value(p) ? ": " : ":\n");
    if (p->is_histogram || is_one_value(p) || !p->t->row_count)
        return;
    p->widths = calloc(column_count(p), sizeof(*p->widths));
    for (size_t i = 0; p->widths && i < column_count(p); i++)
        p->widths[i] = width_of(p, i);
    text_entry(p, NULL);
}

/* "comm = dd, cpu = 1" */
static void text_headings(struct printer *p, const uint8_t *row) {
    bool any = false;
    for (size_t i = 0; i < column_count(p); i++) {
        if (!rp_map_is_heading(p->t, i))
            continue;
        rp_write_string(&p->w, any ? ", " : "\n");
        rp_write_string(&p->w, p->t->layout->columns.items[i].path);
        rp_write_string(&p->w, " = ");
        write_cell(p, i, row);
        any = true;
    }
    if (any)
        rp_write_char(&p->w, '\n');
    rp_writer_flush(&p->w);
}

static void text_group(struct printer *p, const struct rp_map_group *group) {
    const char *unit = p->t->schema->unit ? p->t->schema->unit : "value";
    if (group->row)
        text_headings(p, group->row);
    rp_writer_flush(&p->w);
    if (group->log2)
        rp_print_log2_used(unit, group->log2, p->out);
    else
        rp_print_linear(unit, group->buckets, group->count, p->out);
    rp_print_summary(group->buckets, group->count, p->out);
}

/* ---- JSON */

static void json_cell(struct printer *p, const char *name, size_t i, const struct rp_view *view,
                      const uint8_t *row) {
    RP_AUTO_FREE char *meaning = name_cell(p, i, row);
    if (meaning)
        rp_json_string(&p->w, name, meaning);
    else
        rp_json_value(&p->w, name, view);
}

/* The column that the view is of; column_count() when it is of several, or of none. */
static size_t column_of(const struct printer *p, const struct rp_view *view) {
    size_t i = 0;
    while (i < column_count(p) && (p->t->layout->columns.items[i].type != view->type ||
                                   p->t->layout->columns.items[i].bit_offset != view->bit_offset))
        i++;
    return i;
}

/* Whether its members can be told by their names, one after another. */
static bool is_plain_struct(const struct rp_type *type) {
    for (size_t i = 0; i < type->members.count; i++)
        if (!*type->members.items[i].name)
            return false;
    return type->kind == RP_STRUCT;
}

static void json_part(struct printer *p, const char *name, const struct rp_view *view,
                      const uint8_t *row);

/* In a histogram, without what it counts. */
static void json_members(struct printer *p, const char *name, const struct rp_view *view,
                         const uint8_t *row) {
    rp_json_object(&p->w, name);
    for (size_t i = 0; i < view->type->members.count; i++) {
        const struct rp_member *member = &view->type->members.items[i];
        struct rp_view inner = rp_view_member(view, member);
        size_t column = column_of(p, &inner);
        if (member->type->is_hidden)
            continue;
        if (p->is_histogram && column < column_count(p) && !rp_map_is_heading(p->t, column))
            continue;
        json_part(p, member->name, &inner, row);
    }
    rp_json_object_end(&p->w);
}

static void json_part(struct printer *p, const char *name, const struct rp_view *view,
                      const uint8_t *row) {
    size_t column = column_of(p, view);
    if (column < column_count(p))
        json_cell(p, name, column, view, row);
    else if (is_plain_struct(view->type))
        json_members(p, name, view, row);
    else
        rp_json_value(&p->w, name, view);
}

static void json_begin(struct printer *p) {
    rp_json_begin(&p->w, p->out);
    rp_json_string(&p->w, "map", p->title);
}

static void json_entry(struct printer *p, const uint8_t *row) {
    struct rp_view key = rp_map_key(p->t, row), value = rp_map_value(p->t, row);
    json_begin(p);
    json_part(p, "key", &key, row);
    json_part(p, "value", &value, row);
    rp_json_end(&p->w);
}

static bool any_heading(const struct printer *p, bool of_value) {
    size_t first = of_value ? p->t->key_columns : 0,
           end = of_value ? column_count(p) : p->t->key_columns;
    for (size_t i = first; i < end; i++)
        if (rp_map_is_heading(p->t, i))
            return true;
    return false;
}

static void json_group(struct printer *p, const struct rp_map_group *group) {
    json_begin(p);
    if (group->row && any_heading(p, false)) {
        struct rp_view key = rp_map_key(p->t, group->row);
        json_part(p, "key", &key, group->row);
    }
    if (group->row && any_heading(p, true)) {
        struct rp_view value = rp_map_value(p->t, group->row);
        json_part(p, "value", &value, group->row);
    }
    rp_json_buckets(&p->w, "histogram", group->buckets, group->count);
    rp_json_end(&p->w);
}

/* ---- CSV */

/* NULL `row`: its name. */
static void csv_cell(struct printer *p, size_t i, const uint8_t *row) {
    RP_AUTO_FREE char *text = NULL;
    size_t length;
    struct rp_view view = rp_map_cell(p->t, i, row);
    bool unread = row && rp_view_unread(&view);
    FILE *cell = row && !unread ? open_memstream(&text, &length) : NULL;
    if (!row)
        rp_csv_cell(p->t->layout->columns.items[i].path, p->out);
    if (!cell)
        return;
    rp_writer_begin(&p->w, cell);
    write_cell(p, i, row);
    rp_writer_flush(&p->w);
    fclose(cell);
    rp_writer_begin(&p->w, p->out);
    if (text)
        rp_csv_cell(text, p->out);
}

static void csv_entry(struct printer *p, const uint8_t *row) {
    for (size_t i = 0; i < column_count(p); i++) {
        if (i)
            fputc(',', p->out);
        csv_cell(p, i, row);
    }
    fputs("\r\n", p->out);
}

static void csv_headings(struct printer *p, const uint8_t *row) {
    for (size_t i = 0; i < column_count(p); i++)
        if (rp_map_is_heading(p->t, i)) {
            csv_cell(p, i, row);
            fputc(',', p->out);
        }
}

static void csv_begin(struct printer *p) {
    if (!p->is_histogram) {
        csv_entry(p, NULL);
        return;
    }
    csv_headings(p, NULL);
    fputs("min,max,count\r\n", p->out);
}

static void csv_edge(const struct printer *p, const struct rp_bucket *bucket, int64_t edge) {
    if (bucket->is_unsigned)
        fprintf(p->out, "%" PRIu64, (uint64_t)edge);
    else
        fprintf(p->out, "%" PRId64, edge);
}

static void csv_group(struct printer *p, const struct rp_map_group *group) {
    for (size_t i = 0; i < group->count; i++) {
        const struct rp_bucket *bucket = &group->buckets[i];
        csv_headings(p, group->row);
        if (!bucket->below)
            csv_edge(p, bucket, bucket->min);
        fputc(',', p->out);
        if (!bucket->above)
            csv_edge(p, bucket, bucket->max);
        fprintf(p->out, ",%" PRIu64 "\r\n", bucket->count);
    }
}

/* ---- all of it */

static void no_begin(struct printer *p) {
    (void)p;
}

static const struct form forms[] = {
    [RP_MAP_TEXT] = {text_begin, text_entry, text_group},
    [RP_MAP_JSON] = {no_begin, json_entry, json_group},
    [RP_MAP_CSV] = {csv_begin, csv_entry, csv_group},
};

static void on_group(void *ctx, const struct rp_map_group *group) {
    struct printer *p = ctx;
    forms[p->format->as].group(p, group);
}

static struct rp_error *print(struct printer *p, struct rp_map_table *t) {
    const struct form *form = &forms[p->format->as];
    form->begin(p);
    struct rp_error *err = p->is_histogram ? rp_map_each_group(t, on_group, p) : NULL;
    for (size_t i = 0; !p->is_histogram && i < t->row_count; i++)
        form->entry(p, rp_map_row(t, i));
    rp_writer_flush(&p->w);
    free(p->widths);
    return err;
}

struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *given, FILE *out) {
    struct rp_map_format format;
    RP_AUTO_MAP_TABLE t = {0};
    RP_TRY(rp_opts_read(&format, sizeof(format), given, "rp_map_format"));
    if (rp_module_map_fd(module, name) < 0)
        return rp_module_map_missing(module, name);
    if (!rp_map_is_data(module, name))
        return NULL;
    RP_TRY(rp_map_table_open(module, name, &t));
    RP_TRY(rp_map_table_read(&t));
    struct printer p = {
        .t = &t, .format = &format, .is_histogram = rp_map_is_histogram(&t), .out = out};
    p.title = format.title ? format.title : name;
    if (rp_module_map(module, name)->data && t.row_count)
        return rp_variables_print(&t, p.title, format.as, out), NULL;
    rp_writer_begin(&p.w, out);
    return print(&p, &t);
}

/* ---- what it is */

static const char *type_name(uint32_t type) {
    static const char *const names[] = {
        [BPF_MAP_TYPE_HASH] = "hash",
        [BPF_MAP_TYPE_ARRAY] = "array",
        [BPF_MAP_TYPE_PROG_ARRAY] = "programs",
        [BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf buffers",
        [BPF_MAP_TYPE_PERCPU_HASH] = "per-CPU hash",
        [BPF_MAP_TYPE_PERCPU_ARRAY] = "per-CPU array",
        [BPF_MAP_TYPE_STACK_TRACE] = "stack traces",
        [BPF_MAP_TYPE_CGROUP_ARRAY] = "cgroups",
        [BPF_MAP_TYPE_LRU_HASH] = "LRU hash",
        [BPF_MAP_TYPE_LRU_PERCPU_HASH] = "per-CPU LRU hash",
        [BPF_MAP_TYPE_LPM_TRIE] = "longest-prefix trie",
        [BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array of maps",
        [BPF_MAP_TYPE_HASH_OF_MAPS] = "hash of maps",
        [BPF_MAP_TYPE_QUEUE] = "queue",
        [BPF_MAP_TYPE_STACK] = "stack",
        [BPF_MAP_TYPE_RINGBUF] = "ring buffer",
        [BPF_MAP_TYPE_USER_RINGBUF] = "user ring buffer",
    };
    return type < RP_COUNT(names) && names[type] ? names[type] : "map";
}

/* Counts the keys, bounded as in rp_map_entries(). */
static uint64_t count_entries(int fd, const struct bpf_map_info *info) {
    RP_AUTO_FREE uint8_t *last = calloc(1, info->key_size + 1);
    RP_AUTO_FREE uint8_t *next = calloc(1, info->key_size + 1);
    uint64_t count = 0;
    if (!last || !next)
        return 0;
    while (count < info->max_entries && !bpf_map_get_next_key(fd, count ? last : NULL, next)) {
        memcpy(last, next, info->key_size);
        count++;
    }
    return count;
}

static char *describe_data(const struct rp_map_table *t) {
    RP_AUTO_FREE char *key = rp_type_text(t->key), *leaf = rp_type_text(t->leaf);
    const char *type = type_name(t->info.type);
    uint32_t most = t->info.max_entries;
    const char *entries = most == 1 ? "entry" : "entries";
    if (!key || !leaf)
        return NULL;
    if (rp_map_type_is_array(t->info.type))
        return rp_text("%s, %s, %u %s", type, leaf, most, entries);
    return rp_text("%s, %s -> %s, %" PRIu64 " of %u %s", type, key, leaf,
                   count_entries(t->fd, &t->info), most, entries);
}

static char *describe_other(int fd, const struct bpf_map_info *info) {
    const char *type = type_name(info->type);
    switch (info->type) {
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF:
        return rp_text("%s, %u bytes", type, info->max_entries);
    case BPF_MAP_TYPE_STACK_TRACE:
        return rp_text("%s, %" PRIu64 " of %u entries", type, count_entries(fd, info),
                       info->max_entries);
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
        return rp_text("%s, one per CPU", type);
    default:
        return rp_text("%s, at most %u entries", type, info->max_entries);
    }
}

struct rp_error *rp_map_describe(const struct rp_module *module, const char *name, char **text) {
    struct bpf_map_info info = {0};
    int fd = rp_module_map_fd(module, name);
    *text = NULL;
    if (fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(fd, name, &info));
    if (rp_map_is_data(module, name)) {
        RP_AUTO_MAP_TABLE t = {0};
        RP_TRY(rp_map_table_open(module, name, &t));
        *text = describe_data(&t);
    } else {
        *text = describe_other(fd, &info);
    }
    return *text ? NULL : rp_error_nomem();
}
