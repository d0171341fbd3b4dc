/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonlines [FIELD…]: checks that each line of standard input is one JSON object and nothing else,
 * strictly by RFC 8259, and prints the named fields of each, separated by tabs. A field may be
 * inside others ("data.pid"); one that is absent prints as "-". Ends with 1 at the first line that
 * is not an object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../strict_json.h"

static struct json_object *parse(const char *line, size_t len) {
    struct json_object *object = strict_json(line, len);
    if (json_object_is_type(object, json_type_object))
        return object;
    json_object_put(object);
    return NULL;
}

static struct json_object *find(struct json_object *object, const char *field) {
    char name[256];
    for (const char *dot; object && (dot = strchr(field, '.')); field = dot + 1) {
        snprintf(name, sizeof(name), "%.*s", (int)(dot - field), field);
        object = json_object_object_get(object, name);
    }
    return object ? json_object_object_get(object, field) : NULL;
}

static void print_field(struct json_object *value) {
    if (!value)
        fputs("-", stdout);
    else if (json_object_is_type(value, json_type_string))
        fputs(json_object_get_string(value), stdout);
    else
        fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), stdout);
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    for (unsigned long number = 1; (len = getline(&line, &size, stdin)) > 0; number++) {
        struct json_object *object = NULL;
        if (line[len - 1] == '\n') {
            line[len - 1] = '\0';
            object = parse(line, (size_t)len - 1);
        }
        if (!object) {
            printf("line %lu is no JSON object: %s\n", number, line);
            return 1;
        }
        for (int i = 1; i < argc; i++) {
            print_field(find(object, argv[i]));
            putchar(i + 1 < argc ? '\t' : '\n');
        }
        json_object_put(object);
    }
    free(line);
    return 0;
}
