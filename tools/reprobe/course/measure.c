/* SPDX-License-Identifier: Apache-2.0 */
#include "course/measure.h"

#include <errno.h>
#include <json-c/json.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/lexer.h"
#include "util/names.h"

/* ------------------------------------------------------------------ numbers */

/* Takes `text`, malloc()ed. */
static bool add(struct numbers *numbers, const char *name, size_t name_size, char *text) {
    struct number *number = text ? rp_vec_add(numbers) : NULL;
    if (!number) {
        free(text);
        return false;
    }
    char *end;
    number->name = strndup(name, name_size);
    number->text = text;
    number->value = strtoll(text, &end, 10);
    number->is_number = *text && !*end;
    return number->name;
}

const struct number *numbers_find(const struct numbers *numbers, const char *name) {
    for (size_t i = 0; i < numbers->count; i++)
        if (!strcmp(numbers->items[i].name, name))
            return &numbers->items[i];
    return NULL;
}

void numbers_clear(struct numbers *numbers) {
    for (size_t i = 0; i < numbers->count; i++) {
        free(numbers->items[i].name);
        free(numbers->items[i].text);
    }
    rp_vec_clear(numbers);
}

char *numbers_fill(const struct numbers *numbers, const char *text) {
    char *whole = NULL;
    size_t size;
    FILE *out = open_memstream(&whole, &size);
    if (!out)
        return NULL;
    while (*text) {
        size_t plain = strcspn(text, "$");
        fwrite(text, 1, plain, out);
        text += plain;
        if (!*text)
            break;
        size_t length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
        RP_AUTO_FREE char *name = strndup(text + 1, length);
        const struct number *number = name ? numbers_find(numbers, name) : NULL;
        if (number)
            fputs(number->text, out);
        else
            fprintf(out, "$%s", name ? name : "");
        text += 1 + length;
    }
    return fclose(out) ? NULL : whole;
}

static struct rp_error *add_facts(const char *facts, struct numbers *out) {
    for (const char *line = facts; *line;) {
        size_t length = strcspn(line, "\n"), name = strcspn(line, "=\n");
        if (name < length && !add(out, line, name, strndup(line + name + 1, length - name - 1)))
            return rp_error_nomem();
        line += length + (line[length] == '\n');
    }
    return NULL;
}

/* ------------------------------------------------------------------ rows and entries */

/* A field, or by dots one within it. */
static struct json_object *at_path(struct json_object *object, const char *path) {
    for (;;) {
        size_t length = strcspn(path, ".");
        RP_AUTO_FREE char *name = strndup(path, length);
        if (!name || !json_object_is_type(object, json_type_object) ||
            !json_object_object_get_ex(object, name, &object))
            return NULL;
        if (!path[length])
            return object;
        path += length + 1;
    }
}

/* A field of a row, or of an entry: in the object itself, in the row's data, in the key or the
 * value. */
static struct json_object *field_of(struct json_object *object, const char *path) {
    static const char *const within[] = {"data", "key", "value"};
    struct json_object *found = at_path(object, path), *part;
    for (size_t i = 0; i < 3 && !found; i++)
        if (json_object_object_get_ex(object, within[i], &part))
            found = at_path(part, path);
    return found;
}

static bool matches_regex(const char *regex_text, const char *text) {
    regex_t regex;
    if (regcomp(&regex, regex_text, REG_EXTENDED | REG_NOSUB))
        return false;
    bool matches = !regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return matches;
}

static bool passes(struct json_object *object, const struct lesson_measure *measure,
                   const struct numbers *facts) {
    for (size_t i = 0; i < measure->filters.count; i++) {
        const struct lesson_filter *filter = &measure->filters.items[i];
        struct json_object *field = field_of(object, filter->field);
        const char *text = field ? json_object_get_string(field) : NULL;
        const char *value = filter->value;
        if (*value == '$') {
            const struct number *fact = numbers_find(facts, value + 1);
            value = fact ? fact->text : "";
        }
        if (!text || (filter->is_regex ? !matches_regex(value, text) : strcmp(value, text) != 0))
            return false;
    }
    return true;
}

struct lines {
    RP_VEC(struct json_object *);
};

struct tally {
    const struct lesson_measure *measure;
    const struct numbers *facts;
    long long sum;
    struct rp_names values; /* of MEASURE_DISTINCT */
};

static bool add_distinct(struct tally *tally, const char *value) {
    tally->sum += rp_names_add(&tally->values, value, strlen(value));
    return !tally->values.out_of_memory;
}

/* A histogram is its buckets: each is an entry. */
static void add_histogram(struct tally *tally, struct json_object *buckets) {
    for (size_t i = 0; i < json_object_array_length(buckets); i++) {
        struct json_object *bucket = json_object_array_get_idx(buckets, i), *count;
        if (!passes(bucket, tally->measure, tally->facts) ||
            !json_object_object_get_ex(bucket, "count", &count))
            continue;
        tally->sum += tally->measure->kind == MEASURE_ENTRIES ? json_object_get_int64(count) > 0
                                                              : json_object_get_int64(count);
    }
}

/* One line of what the run has shown. */
static bool tally_line(struct tally *tally, struct json_object *line) {
    const struct lesson_measure *measure = tally->measure;
    bool of_map = measure->kind == MEASURE_ENTRIES || measure->kind == MEASURE_TOTAL;
    struct json_object *name, *buckets, *field;
    if (!json_object_object_get_ex(line, of_map ? "map" : "output", &name) ||
        strcmp(json_object_get_string(name), measure->of) != 0)
        return true;
    if (of_map && json_object_object_get_ex(line, "histogram", &buckets)) {
        if (json_object_is_type(buckets, json_type_array))
            add_histogram(tally, buckets);
        return true;
    }
    if (!passes(line, measure, tally->facts))
        return true;
    const char *path = measure->kind == MEASURE_TOTAL ? "value" : measure->field;
    field = path ? field_of(line, path) : NULL;
    if (measure->kind == MEASURE_DISTINCT)
        return !field || add_distinct(tally, json_object_get_string(field));
    tally->sum += path ? (field ? json_object_get_int64(field) : 0) : 1;
    return true;
}

static bool tally_lines(struct tally *tally, const struct lines *lines) {
    bool ok = true;
    for (size_t i = 0; ok && i < lines->count; i++)
        ok = tally_line(tally, lines->items[i]);
    rp_names_clear(&tally->values);
    return ok;
}

static void lines_clear(struct lines *lines) {
    for (size_t i = 0; i < lines->count; i++)
        json_object_put(lines->items[i]);
    rp_vec_clear(lines);
}

/* What the run has shown, line by line; what is not an object is left out. */
static bool read_lines(const char *rows, struct lines *lines) {
    for (const char *line = rows; *line;) {
        size_t length = strcspn(line, "\n");
        RP_AUTO_FREE char *copy = strndup(line, length);
        struct json_object *object = copy ? json_tokener_parse(copy) : NULL;
        bool is_object = json_object_is_type(object, json_type_object);
        if (!copy || (is_object && !rp_vec_push(lines, object))) {
            json_object_put(object);
            return false;
        }
        if (!is_object)
            json_object_put(object);
        line += length + (line[length] == '\n');
    }
    return true;
}

/* ------------------------------------------------------------------ the other measures */

/* "reprobe: 12 events lost: the buffer was full (…)" */
static long long lost(const char *said) {
    long long count = 0;
    for (const char *line = said; (line = strstr(line, "reprobe: "));) {
        line += strlen("reprobe: ");
        char *end;
        long long number = strtoll(line, &end, 10);
        if (end != line &&
            (rp_starts_with(end, " event lost: ") || rp_starts_with(end, " events lost: ")))
            count += number;
    }
    return count;
}

/* The text with blanks in the place of comments. */
static char *without_comments(const char *text) {
    char *copy = strdup(text);
    for (char *c = copy; c && *c;) {
        bool is_comment = rp_is_comment(c);
        for (const char *end = rp_piece_end(c); c < end; c++)
            if (is_comment && *c != '\n')
                *c = ' ';
    }
    return copy;
}

static long long count_matches(const char *program, const char *expression) {
    RP_AUTO_FREE char *text = without_comments(program);
    regex_t regex;
    if (!text || regcomp(&regex, expression, REG_EXTENDED | REG_NEWLINE))
        return 0;
    long long count = 0;
    regmatch_t match;
    for (const char *at = text; !regexec(&regex, at, 1, &match, at == text ? 0 : REG_NOTBOL);) {
        count++;
        at += match.rm_eo > 0 ? match.rm_eo : 1;
        if (!*at)
            break;
    }
    regfree(&regex);
    return count;
}

/* Lines of what the run has shown, whatever they are. */
static bool count_lines(const char *rows, const char *expression, const struct numbers *facts,
                        long long *count) {
    RP_AUTO_FREE char *filled = numbers_fill(facts, expression), *copy = strdup(rows);
    regex_t regex;
    if (!filled || !copy)
        return false;
    if (regcomp(&regex, filled, REG_EXTENDED | REG_NOSUB))
        return true; /* a fact has made it something else */
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));)
        *count += *line && !regexec(&regex, line, 0, NULL, 0);
    regfree(&regex);
    return true;
}

static bool add_measure(const struct lesson_measure *measure, const struct seen *seen,
                        const struct lines *lines, struct numbers *out) {
    struct tally tally = {.measure = measure, .facts = out};
    if (measure->kind == MEASURE_TEXT)
        tally.sum = count_matches(seen->program, measure->of);
    else if (!seen->ran)
        return true;
    else if (measure->kind == MEASURE_LOST)
        tally.sum = lost(seen->said);
    else if (measure->kind == MEASURE_LINES ? !count_lines(seen->rows, measure->of, out, &tally.sum)
                                            : !tally_lines(&tally, lines))
        return false;
    return add(out, measure->name, strlen(measure->name), rp_text("%lld", tally.sum));
}

static struct rp_error *add_measures(const struct lesson *lesson, const struct seen *seen,
                                     const struct lines *lines, struct numbers *out) {
    for (size_t i = 0; i < lesson->measures.count; i++) {
        const struct lesson_measure *measure = &lesson->measures.items[i];
        if (numbers_find(out, measure->name))
            return rp_error_new(EPROTO, "it has two numbers of one name", "lesson %u: `%s`",
                                lesson->number, measure->name);
        if (!add_measure(measure, seen, lines, out))
            return rp_error_nomem();
    }
    return NULL;
}

struct rp_error *measure_all(const struct lesson *lesson, const struct seen *seen,
                             struct numbers *out) {
    struct lines lines = {0};
    RP_TRY(add_facts(seen->facts, out));
    bool ok = !seen->ran || read_lines(seen->rows, &lines);
    struct rp_error *err = ok ? add_measures(lesson, seen, &lines, out) : rp_error_nomem();
    lines_clear(&lines);
    return err;
}
