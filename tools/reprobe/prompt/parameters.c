/* SPDX-License-Identifier: Apache-2.0 */
/* $1, $2, … in the lines of a script: what stands behind its name on the command line. $$1 is the
 * text $1. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prompt.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A parameter in a line: "$1", "${1}", "${1:-openat}". */
struct reference {
    size_t number, length; /* `length`: of the line, that it takes */
    const char *otherwise; /* what it is where it is missing; NULL: an error */
    size_t otherwise_length;
};

static bool read_reference(const char *at, struct reference *out) {
    *out = (struct reference){0};
    bool braces = at[1] == '{';
    const char *digits = at + 1 + braces, *end;
    if (!isdigit((unsigned char)*digits))
        return false;
    out->number = strtoul(digits, (char **)&end, 10);
    if (!braces) {
        out->number = (size_t)(*digits - '0'); /* as for a shell: $10 is $1 and a 0 */
        end = digits + 1;
    } else if (end[0] == ':' && end[1] == '-') {
        out->otherwise = end + 2;
        out->otherwise_length = strcspn(out->otherwise, "}");
        end = out->otherwise + out->otherwise_length;
    }
    if (braces && *end != '}')
        return false;
    out->length = (size_t)(end - at) + braces;
    return out->number > 0;
}

static struct rp_error *missing(const char *path, size_t line, const struct reference *reference,
                                size_t given) {
    return rp_error_hint_set(
        rp_error_new(EINVAL, given ? "fewer were given" : "none was given",
                     "%s, line %zu: the parameter $%zu is missing", path, line, reference->number),
        "they stand behind the file: reprobe -f %s%s …", path, given ? " FIRST" : " PARAMETER");
}

/* Up to where a line has parameters: behind `!` $1 is awk's, or the shell's; in a comment it is a
 * text. */
static const char *end_of(const char *line) {
    const char *first = line + strspn(line, " \t");
    return line + (*first == '!' || *first == '#' ? 0 : verb_code_length(line));
}

static bool is_escape(const char *at, struct reference *reference) {
    return at[0] == '$' && at[1] == '$' && read_reference(at + 1, reference);
}

char *parameters_escape(const char *line) {
    size_t size;
    char *text = NULL;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return NULL;
    struct reference reference;
    for (const char *end = end_of(line); *line; line++) {
        if (line < end && *line == '$' && read_reference(line, &reference))
            fputc('$', memory);
        fputc(*line, memory);
    }
    fclose(memory);
    return text;
}

struct rp_error *parameters_put(const struct rp_texts *given, const char *path, size_t number,
                                const char *line, char **out) {
    size_t size;
    RP_AUTO_FREE char *text = NULL;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return rp_error_nomem();
    struct rp_error *err = NULL;
    const char *end = end_of(line);
    while (*line && !err) {
        struct reference reference;
        if (line < end && is_escape(line, &reference)) {
            fprintf(memory, "%.*s", (int)reference.length, line + 1);
            line += 1 + reference.length;
            continue;
        }
        if (line >= end || *line != '$' || !read_reference(line, &reference)) {
            fputc(*line++, memory);
            continue;
        }
        if (reference.number <= given->count)
            fputs(given->items[reference.number - 1], memory);
        else if (reference.otherwise)
            fprintf(memory, "%.*s", (int)reference.otherwise_length, reference.otherwise);
        else
            err = missing(path, number, &reference, given->count);
        line += reference.length;
    }
    fclose(memory);
    *out = err ? NULL : rp_take(text);
    return err || *out ? err : rp_error_nomem();
}
