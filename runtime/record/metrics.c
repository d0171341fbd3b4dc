/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and numbers as metrics: OpenMetrics 1.0, or the older text of Prometheus. Samples of one
 * name stand together, so each name gathers its own until all are printed. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "record/map_printer.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/names.h"
#include "util/opts.h"
#include "util/text.h"

#define PREFIX        "reprobe_"
#define DEFAULT_LIMIT 1000

/* All samples of one name. */
struct family {
    char *name, *help, *samples;
    enum rp_metric_type type;
    size_t length;
    FILE *out; /* to `samples` */
};

struct rp_metrics {
    RP_VEC(struct family *);
    struct rp_writer w;
    uint64_t left_out;
};

/* A map that is being added. */
struct source {
    struct rp_metrics *metrics;
    struct rp_map_printer printer;
    struct rp_metrics_opts opts;
    const struct rp_map_table *t;
    const char *map;
    struct rp_names seen; /* labels */
    size_t copies;
    size_t keys, shown; /* of the map; of these so many */
    char *name, *help;  /* "reprobe_counts" */
};

struct rp_error *rp_metrics_new(struct rp_metrics **out) {
    *out = calloc(1, sizeof(**out));
    return *out ? NULL : rp_error_nomem();
}

void rp_metrics_free(struct rp_metrics *metrics) {
    for (size_t i = 0; metrics && i < metrics->count; i++) {
        struct family *family = metrics->items[i];
        if (family->out)
            fclose(family->out);
        free(family->name);
        free(family->help);
        free(family->samples);
        free(family);
    }
    if (metrics)
        rp_vec_clear(metrics);
    free(metrics);
}

uint64_t rp_metrics_left_out(const struct rp_metrics *metrics) {
    return metrics->left_out;
}

/* ------------------------------------------------------------------ names and text */

/* What names may have; the others become `_`. */
static void make_name(char *text) {
    for (char *c = text; *c; c++)
        if (!isascii((unsigned char)*c) || !isalnum((unsigned char)*c))
            *c = '_';
}

/* As it stands in quotes; in help, where quotes may stand, too. */
static void write_escaped(FILE *out, const char *text, bool quoted) {
    for (; *text; text++) {
        if (*text == '\\' || (*text == '"' && quoted))
            fputc('\\', out);
        fputs(*text == '\n' ? "\\n" : (char[]){*text, '\0'}, out);
    }
}

static struct family *find_family(struct rp_metrics *metrics, const char *name) {
    for (size_t i = 0; i < metrics->count; i++)
        if (strcmp(metrics->items[i]->name, name) == 0)
            return metrics->items[i];
    return NULL;
}

/* One name has one type: of another type it gets another name. NULL: no memory. */
static FILE *family_of(struct rp_metrics *metrics, const char *name, enum rp_metric_type type,
                       const char *help) {
    RP_AUTO_FREE char *own = strdup(name);
    struct family *family;
    while (own && (family = find_family(metrics, own)) && family->type != type) {
        char *other = rp_text("%s_", own);
        free(own);
        own = other;
    }
    if (!own)
        return NULL;
    if (family)
        return family->out;
    family = calloc(1, sizeof(*family));
    if (!family || !rp_vec_push(metrics, family)) {
        free(family);
        return NULL;
    }
    *family = (struct family){.name = rp_take(own), .help = strdup(help), .type = type};
    family->out = open_memstream(&family->samples, &family->length);
    return family->out;
}

/* The name that samples of what `out` belongs to have. */
static const char *name_of(const struct rp_metrics *metrics, const FILE *out) {
    for (size_t i = 0; i < metrics->count; i++)
        if (metrics->items[i]->out == out)
            return metrics->items[i]->name;
    return "";
}

static const char *suffix(enum rp_metric_type type) {
    return type == RP_METRIC_COUNTER ? "_total" : "";
}

/* ------------------------------------------------------------------ labels of a key */

/* Reads "A="1",B="2"" and a comma behind each. */
static void write_label(FILE *out, const char *name, const char *value) {
    fprintf(out, "%s=\"", name);
    write_escaped(out, value, true);
    fputs("\",", out);
}

/* Names that mean something here, or to Prometheus, are not a key's. */
static char *label_name(const char *path) {
    bool taken = strcmp(path, "le") == 0 || strcmp(path, "question") == 0 ||
                 strcmp(path, "copy") == 0 || strcmp(path, "map") == 0 ||
                 rp_starts_with(path, "__") || isdigit((unsigned char)*path);
    char *name = rp_text("%s%s", taken ? "key_" : "", path);
    if (name)
        make_name(name);
    return name;
}

static void write_key_label(struct source *s, size_t i, const uint8_t *row, FILE *out) {
    struct rp_view view = rp_map_cell(s->t, i, row);
    /* A header, which may have any characters, could become the same name as another's. */
    const struct rp_member_schema *member = s->t->members[i];
    bool has_header = member && member->header;
    RP_AUTO_FREE char *name =
        label_name(has_header ? member->name : s->t->layout->columns.items[i].path);
    RP_AUTO_FREE char *text = rp_map_name_cell(&s->printer, i, row);
    if (!text && !rp_view_unread(&view))
        text = rp_value_text(&view);
    if (name)
        write_label(out, name, text ? text : "");
}

/* "question="1",comm="dd",", malloc()ed; NULL without memory. */
static char *labels_of(struct source *s, const uint8_t *row) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    if (s->opts.question)
        write_label(out, "question", s->opts.question);
    bool single = rp_map_table_is_single(s->t) && !s->printer.is_histogram;
    for (size_t i = 0; row && !single && i < rp_map_column_count(&s->printer); i++)
        if (s->printer.is_histogram ? rp_map_is_heading(s->t, i) : i < s->t->key_columns)
            write_key_label(s, i, row, out);
    fclose(out);
    if (!text || rp_names_add(&s->seen, text, strlen(text)) || s->seen.out_of_memory)
        return text;
    /* Others had the same: keys can differ in what is not shown. */
    char *other = rp_text("%scopy=\"%zu\",", text, ++s->copies);
    free(text);
    return other;
}

/* "NAME{LABELS} ", without the comma at the labels' end. */
static void write_head(const struct source *s, FILE *out, enum rp_metric_type type,
                       const char *part, const char *labels) {
    size_t length = strlen(labels);
    fprintf(out, "%s%s%s", name_of(s->metrics, out), suffix(type), part);
    if (length)
        fprintf(out, "{%.*s}", (int)length - 1, labels);
    fputc(' ', out);
}

/* ------------------------------------------------------------------ numbers */

static bool is_number(const struct rp_type *type) {
    return type->kind == RP_UINT || type->kind == RP_INT || type->kind == RP_BOOL ||
           type->kind == RP_ENUM || type->kind == RP_FLOAT || type->kind == RP_WIDE;
}

static void write_number(struct source *s, FILE *out, const struct rp_view *view) {
    struct rp_writer *w = &s->metrics->w;
    bool has_sign =
        view->type->kind == RP_INT || (view->type->kind == RP_ENUM && view->type->is_signed);
    const struct rp_look *look = view->type->look;
    rp_writer_begin(w, out);
    if (look && look->in_json && !look->is_text)
        rp_write_value(w, view);
    else if (view->type->kind == RP_WIDE)
        rp_write_wide(w, rp_view_wide(view), view->type->decimals);
    else if (view->type->kind == RP_FLOAT)
        rp_write_double(w, rp_view_double(view), false);
    else if (has_sign)
        rp_write_int(w, rp_view_int(view));
    else
        rp_write_uint(w, rp_view_uint(view));
    rp_write_char(w, '\n');
    rp_writer_flush(w);
}

/* What the number means for who adds it up: only what counts can be said to grow. */
static enum rp_metric_type type_of(const struct source *s, const char *column) {
    if (s->t->schema->means == RP_MEANS_STATS)
        return strcmp(column, "count") == 0 ? RP_METRIC_COUNTER
               : strcmp(column, "sum") == 0 ? RP_METRIC_UNKNOWN
                                            : RP_METRIC_GAUGE;
    return s->opts.counts ? RP_METRIC_COUNTER : RP_METRIC_UNKNOWN;
}

static void add_cell(struct source *s, size_t i, const uint8_t *row, const char *labels) {
    const struct rp_column *column = &s->t->layout->columns.items[i];
    struct rp_view view = rp_map_cell(s->t, i, row);
    bool named = rp_map_column_count(&s->printer) - s->t->key_columns > 1;
    if (!is_number(column->type) || !rp_view_present(&view) || rp_view_unread(&view) ||
        rp_view_is_bits(&view))
        return;
    RP_AUTO_FREE char *name =
        rp_text("%s%s%s", s->name, named ? "_" : "", named ? column->path : "");
    if (!name)
        return;
    make_name(name);
    enum rp_metric_type type = type_of(s, column->path);
    FILE *out = family_of(s->metrics, name, type, s->help);
    if (!out)
        return;
    write_head(s, out, type, "", labels);
    write_number(s, out, &view);
}

/* A value for each CPU, with the CPU as a label. */
static void add_cpus(struct source *s, const uint8_t *row, const char *labels) {
    const struct rp_type *leaf = s->t->leaf;
    FILE *out = family_of(s->metrics, s->name, type_of(s, ""), s->help);
    for (int cpu = 0; out && cpu < s->t->cpus; cpu++) {
        struct rp_view all = rp_map_value(s->t, row);
        struct rp_view view = {leaf, row, s->t->row_size,
                               all.bit_offset + (uint64_t)cpu * s->t->value->element->size * 8, 0};
        RP_AUTO_FREE char *own = rp_text("%scpu=\"%d\",", labels, cpu);
        if (!own || !rp_view_present(&view) || rp_view_is_bits(&view))
            continue;
        write_head(s, out, type_of(s, ""), "", own);
        write_number(s, out, &view);
    }
}

static void add_row(struct source *s, const uint8_t *row) {
    const struct rp_type *value = s->t->value;
    RP_AUTO_FREE char *labels = labels_of(s, row);
    if (!labels)
        return;
    if (s->t->cpus && value->kind == RP_ARRAY && is_number(s->t->leaf)) {
        add_cpus(s, row, labels);
        return;
    }
    for (size_t i = s->t->key_columns; i < rp_map_column_count(&s->printer); i++)
        add_cell(s, i, row, labels);
}

/* ------------------------------------------------------------------ histograms */

/* As Prometheus writes numbers that are labels: "15.0", "1e+19". */
static void write_edge(struct rp_metrics *metrics, FILE *out, const struct rp_bucket *bucket,
                       int64_t edge) {
    RP_AUTO_FREE char *text = NULL;
    size_t length;
    FILE *number = open_memstream(&text, &length);
    if (!number)
        return;
    rp_writer_begin(&metrics->w, number);
    rp_write_double(&metrics->w, bucket->is_unsigned ? (double)(uint64_t)edge : (double)edge,
                    false);
    rp_writer_flush(&metrics->w);
    fclose(number);
    if (text)
        fprintf(out, "%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void write_bucket(struct source *s, FILE *out, const char *labels,
                         const struct rp_bucket *bucket, int64_t edge, uint64_t count) {
    fprintf(out, "%s_bucket{%sle=\"", name_of(s->metrics, out), labels);
    if (bucket)
        write_edge(s->metrics, out, bucket, edge);
    else
        fputs("+Inf", out);
    fprintf(out, "\"} %" PRIu64 "\n", count);
}

/* A bucket that has a number below which its values are. A slot's are below the next one's, if that
 * is known to be one. False: there is no end. */
static bool find_end(const struct rp_map_group *group, size_t i, int64_t *end) {
    const struct rp_bucket *buckets = group->buckets;
    size_t next = i + 1;
    *end = buckets[i].max;
    if (!buckets[i].is_slot)
        return !buckets[i].above;
    while (next < group->count && !buckets[next].count)
        next++;
    *end = next < group->count ? buckets[next].min - 1 : 0;
    return buckets[i].count && next < group->count;
}

/* No sum: buckets do not tell it, and a guess would be taken for it. What is below the first bucket
 * is said to be empty, since who computes percentiles takes the bucket to begin there. */
static void write_group(struct source *s, FILE *out, const struct rp_map_group *group,
                        const char *labels) {
    uint64_t total = 0;
    const struct rp_bucket *first = group->count ? group->buckets : NULL;
    bool positive = first && (first->is_unsigned ? (uint64_t)first->min > 0 : first->min > 0);
    if (first && !first->below && positive)
        write_bucket(s, out, labels, first, first->min - 1, 0);
    for (size_t i = 0; first && i < group->count; i++) {
        const struct rp_bucket *bucket = &group->buckets[i];
        int64_t end;
        total += bucket->count;
        if (find_end(group, i, &end))
            write_bucket(s, out, labels, bucket, end, total);
    }
    write_bucket(s, out, labels, NULL, 0, total);
    write_head(s, out, RP_METRIC_HISTOGRAM, "_count", labels);
    fprintf(out, "%" PRIu64 "\n", total);
}

static void count_group(void *ctx, const struct rp_map_group *group) {
    struct source *s = ctx;
    (void)group;
    s->keys++;
}

/* Those with most come last. */
static void add_group(void *ctx, const struct rp_map_group *group) {
    struct source *s = ctx;
    if (s->shown++ + s->opts.limit < s->keys)
        return;
    RP_AUTO_FREE char *labels = labels_of(s, group->row);
    RP_AUTO_FREE char *help = rp_text("%s%s%s", s->help, s->t->schema->unit ? ", in " : "",
                                      s->t->schema->unit ? s->t->schema->unit : "");
    FILE *out = help ? family_of(s->metrics, s->name, RP_METRIC_HISTOGRAM, help) : NULL;
    if (labels && out)
        write_group(s, out, group, labels);
}

/* ------------------------------------------------------------------ maps */

/* Whether there is a number in it that goes on from one interval to the next. */
static bool is_measured(const struct rp_map_table *t) {
    enum rp_meaning means = t->schema->means;
    return !rp_map_schema_member(t->schema, false, RP_MEMBER_INTERVAL) &&
           (means == RP_MEANS_TABLE || means == RP_MEANS_COUNTER || means == RP_MEANS_STATS ||
            rp_means_histogram(means));
}

static struct rp_error *add_keys(struct source *s, struct rp_map_table *t) {
    s->printer.is_histogram = rp_map_is_histogram(t);
    s->keys = t->row_count;
    if (s->printer.is_histogram) {
        s->keys = 0;
        RP_TRY(rp_map_each_group(t, count_group, s));
    }
    size_t skipped = s->keys > s->opts.limit ? s->keys - s->opts.limit : 0;
    if (s->printer.is_histogram)
        RP_TRY(rp_map_each_group(t, add_group, s));
    else
        for (size_t i = skipped; t->rows && i < s->keys; i++)
            add_row(s, rp_map_row(t, i));
    return s->seen.out_of_memory ? rp_error_nomem() : NULL;
}

static struct rp_error *say_left_out(struct source *s) {
    uint64_t left_out = s->keys > s->opts.limit ? s->keys - s->opts.limit : 0;
    RP_AUTO_FREE char *map = rp_text("%s%s%s", s->opts.question ? s->opts.question : "",
                                     s->opts.question ? "." : "", s->map);
    s->metrics->left_out += left_out;
    const char *const labels[] = {"map", map, NULL};
    return map ? rp_metrics_add(s->metrics, "left_out_keys", RP_METRIC_GAUGE,
                                "Keys of a map that are left out, for there are too many", labels,
                                left_out)
               : rp_error_nomem();
}

struct rp_error *rp_metrics_add_map(struct rp_metrics *metrics, const struct rp_module *module,
                                    const char *map, const struct rp_metrics_opts *given) {
    struct source s = {.metrics = metrics, .map = map};
    RP_AUTO_MAP_TABLE t = {0};
    RP_TRY(rp_opts_read(&s.opts, sizeof(s.opts), given, "rp_metrics_opts"));
    if (!rp_map_is_data(module, map) || rp_module_map(module, map)->data)
        return NULL;
    s.opts.limit = s.opts.limit ? s.opts.limit : DEFAULT_LIMIT;
    const struct rp_map_format format = {.text = s.opts.text, .ctx = s.opts.ctx};
    RP_TRY(rp_map_table_open(module, map, &t));
    if (!is_measured(&t))
        return NULL;
    RP_TRY(rp_map_table_read(&t));
    s.t = &t;
    s.printer = (struct rp_map_printer){.t = &t, .format = &format};
    s.name = rp_text(PREFIX "%s", map);
    s.help = rp_text("What the map %s has", map);
    struct rp_error *err = rp_error_nomem();
    if (s.name && s.help) {
        make_name(s.name);
        err = add_keys(&s, &t);
    }
    if (!err)
        err = say_left_out(&s);
    free(s.name);
    free(s.help);
    rp_names_clear(&s.seen);
    return err;
}

struct rp_error *rp_metrics_add(struct rp_metrics *metrics, const char *name,
                                enum rp_metric_type type, const char *help,
                                const char *const *labels, uint64_t number) {
    RP_AUTO_FREE char *full = rp_text(PREFIX "%s", name);
    FILE *out = full ? family_of(metrics, full, type, help) : NULL;
    if (!out)
        return rp_error_nomem();
    fprintf(out, "%s%s", name_of(metrics, out), suffix(type));
    for (size_t i = 0; labels && labels[i]; i += 2) {
        fprintf(out, "%s%s=\"", i ? "," : "{", labels[i]);
        write_escaped(out, labels[i + 1], true);
        fputs(labels[i + 2] ? "\"" : "\"}", out);
    }
    fprintf(out, " %" PRIu64 "\n", number);
    return NULL;
}

/* ------------------------------------------------------------------ all of it */

static void print_family(struct family *family, bool openmetrics, FILE *out) {
    static const char *const types[] = {[RP_METRIC_UNKNOWN] = "unknown",
                                        [RP_METRIC_COUNTER] = "counter",
                                        [RP_METRIC_GAUGE] = "gauge",
                                        [RP_METRIC_HISTOGRAM] = "histogram"};
    bool old_unknown = !openmetrics && family->type == RP_METRIC_UNKNOWN;
    const char *end = openmetrics ? "" : suffix(family->type);
    fflush(family->out);
    fprintf(out, "# TYPE %s%s %s\n", family->name, end,
            old_unknown ? "untyped" : types[family->type]);
    fprintf(out, "# HELP %s%s ", family->name, end);
    write_escaped(out, family->help ? family->help : "", openmetrics);
    fputc('\n', out);
    if (family->samples)
        fwrite(family->samples, 1, family->length, out);
}

void rp_metrics_print(struct rp_metrics *metrics, bool openmetrics, FILE *out) {
    for (size_t i = 0; i < metrics->count; i++)
        print_family(metrics->items[i], openmetrics, out);
    if (openmetrics)
        fputs("# EOF\n", out);
}
