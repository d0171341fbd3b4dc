/* SPDX-License-Identifier: Apache-2.0 */
#include "query/tree/prelude.h"

#include <ctype.h>
#include <string.h>

#include "compile/embedded.h"

static bool is_name_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Where in `text` "#define NAME" goes on behind the name, or NULL. */
static const char *find_definition(const char *text, const char *name, size_t length) {
    static const char mark[] = "#define ";
    for (const char *at = text; (at = strstr(at, mark));) {
        at += sizeof(mark) - 1;
        if (!strncmp(at, name, length) && !is_name_char(at[length]))
            return at + length;
    }
    return NULL;
}

/* A body ends with its line, unless that ends in a backslash. */
static const char *end_of_body(const char *body) {
    const char *end = body + strcspn(body, "\n");
    while (*end && end > body && end[-1] == '\\')
        end += 1 + strcspn(end + 1, "\n");
    return end;
}

bool rp_macro_find(struct rp_arena *arena, const char *name, size_t length, struct rp_macro *out) {
    const char *at = find_definition(rp_embedded_snippets_h, name, length);
    if (!at)
        at = find_definition(rp_embedded_base_h, name, length);
    if (!at)
        return false;
    *out = (struct rp_macro){0};
    if (*at == '(') {
        size_t list = strcspn(at, ")\n");
        out->parameters = rp_arena_copy(arena, at + 1, list - 1);
        at += list + 1;
    }
    at += strspn(at, " \t");
    out->body = rp_arena_copy(arena, at, (size_t)(end_of_body(at) - at));
    /* GNU's statements, attributes and the like are not expressions. */
    return out->body && *out->body && !strstr(out->body, "({") && !strstr(out->body, "__attribute");
}

bool rp_macro_exists(const char *name, size_t length) {
    return find_definition(rp_embedded_snippets_h, name, length) ||
           find_definition(rp_embedded_base_h, name, length);
}

const char *rp_macro_members(struct rp_arena *arena, const char *name, size_t length) {
    struct rp_macro macro;
    if (!rp_macro_find(arena, name, length, &macro) || macro.parameters ||
        !(isalpha((unsigned char)*macro.body) || *macro.body == '_'))
        return NULL;
    for (const char *c = macro.body; *c; c++)
        if (!is_name_char(*c) && *c != '.')
            return NULL;
    return macro.body;
}
