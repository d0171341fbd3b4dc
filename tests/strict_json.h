/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON strictly by RFC 8259. json-c's strict mode of version 0.18 takes each byte of UTF-8
 * for a control character, so it sees the text with a '?' for each of them, and another reader the
 * text. */
#ifndef RP_TESTS_STRICT_JSON_H
#define RP_TESTS_STRICT_JSON_H

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *strict_json_read(const char *text, size_t size, int flags) {
    struct json_tokener *tokener = json_tokener_new_ex(64);
    json_tokener_set_flags(tokener, flags);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)size + 1);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) < size) {
        json_object_put(object);
        object = NULL;
    }
    json_tokener_free(tokener);
    return object;
}

/* The `size` bytes and the NUL after them; NULL when they are not one JSON value and nothing else.
 */
static inline struct json_object *strict_json(const char *text, size_t size) {
    char *plain = strndup(text, size);
    for (size_t i = 0; plain && i < size; i++)
        plain[i] = (char)((unsigned char)text[i] >= 0x80 ? '?' : text[i]);
    struct json_object *strict = strict_json_read(plain, size, JSON_TOKENER_STRICT), *object = NULL;
    if (strict)
        object = strict_json_read(text, size, JSON_TOKENER_VALIDATE_UTF8);
    json_object_put(strict);
    free(plain);
    return object;
}

#endif
